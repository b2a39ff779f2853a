package dispatch

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// mainTemplate has the size of a main chain's.
func mainTemplate() *solo.Template {
	t := &solo.Template{
		Height: 900_000, Version: 0x20000000, PrevHash: miner.Hash{1}, Bits: 0x17034219, CurTime: 1_795_000_000, MinTime: 1_794_999_000,
		CoinbaseValue: 315_000_000,
	}
	for i := range 3000 {
		t.Txs = append(t.Txs, solo.Tx{TxID: miner.Hash{byte(i), byte(i >> 8)}, WTxID: miner.Hash{byte(i), byte(i >> 8), 1}})
	}
	return t
}

// Leases that share blocks alike work on one document; solo ones have each
// their own, and every document has its own coinbase.
func TestDocumentsAreShared(t *testing.T) {
	d, _ := world(t)
	documents, err := d.newDocuments(mainTemplate(), miner.Hashes(1<<40), worldMs)
	if err != nil {
		t.Fatal(err)
	}
	leases := []lease.Lease{{ID: "L-1", Terms: lease.TermsHash{1}}, {ID: "L-2", Terms: lease.TermsHash{1}}, {ID: "L-3", Terms: lease.TermsHash{2}},
		{ID: "L-4", Terms: lease.TermsHash{3}}, {ID: "L-6", Terms: lease.TermsHash{3}}, {ID: lease.House, Terms: lease.TermsHash{1}}}
	var indexes []int
	for i := range leases {
		n, earns, err := documents.of(t.Context(), &leases[i])
		if err != nil || earns != nil {
			t.Fatalf("lease %s: %+v, %v", leases[i].ID, earns, err)
		}
		indexes = append(indexes, n)
	}
	if !slices.Equal(indexes, []int{0, 0, 1, 2, 3, 0}) || len(documents.stored) != 4 {
		t.Errorf("documents %v, %d are stored", indexes, len(documents.stored))
	}
	coinbases := make(map[string]bool)
	for _, doc := range documents.list {
		coinbases[string(doc.Issue(lease.Tag{1}, miner.MaxTarget, nil).Coinbase(make([]byte, 6)))] = true
	}
	if len(coinbases) != 4 {
		t.Errorf("4 documents have %d coinbases", len(coinbases))
	}
}

// coinOf pays addresses that are scripts in hexadecimal.
type coinOf struct{ solo.Node }

func (coinOf) AddressScript(address string) ([]byte, error) {
	script, err := hex.DecodeString(address)
	if err != nil {
		return nil, solo.ErrAddress
	}
	return script, nil
}

type tenantsStore struct {
	lease.Store
	tenants []lease.Tenant
}

func (s tenantsStore) Tenants(context.Context) ([]lease.Tenant, error) { return s.tenants, nil }

// A coinbase never takes more room than nodes leave beside full blocks, and no
// tenant's script can spoil it: who has no place in it is owed by the house.
func TestCoinbaseHasRoom(t *testing.T) {
	terms := lease.Terms{Scheme: lease.SchemeTides, Tides: lease.DefaultTides, HouseScript: "52", FeePPM: 20_000, Direct: &lease.Direct{MaxOutputs: 20}}
	for name, tt := range map[string]struct {
		script  func(i int) string
		outputs int
	}{
		"keys' hashes": {func(i int) string { return fmt.Sprintf("76a914%040x88ac", i) }, 20},
		"witness keys": {func(i int) string { return fmt.Sprintf("0014%040x", i) }, 20},
		"taproot":      {func(i int) string { return fmt.Sprintf("5120%064x", i) }, 17},
		"long scripts": {func(i int) string { return fmt.Sprintf("63%0198x", i) }, 7},
		"too long":     {func(i int) string { return fmt.Sprintf("63%0200x", i) }, 1},
		"signatures":   {func(i int) string { return fmt.Sprintf("04%08xacac", i) }, 1},
		"nobody's":     {func(i int) string { return fmt.Sprintf("6a04%08x", i) }, 1},
		"no address":   {func(i int) string { return fmt.Sprintf("nowhere %d", i) }, 1},
		"the house's":  {func(int) string { return "52" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var s tenantsStore
			d := &Dispatcher{Config: Config{Node: coinOf{}, Log: slog.New(slog.DiscardHandler)}, terms: terms}
			d.window.shares = map[string]*schemeShares{}
			held := new(reward.Window)
			for i := range 25 {
				id := fmt.Sprintf("L-%04d", i)
				s.tenants = append(s.tenants, lease.Tenant{ID: id, Address: tt.script(i)})
				d.jobs.leases = append(d.jobs.leases, lease.Lease{ID: id, Tenant: id})
				held.Push(reward.Share{Seq: int64(i + 1), Lease: id, Work: miner.Hashes(uint64(10 + i)), AtMs: worldMs})
			}
			d.Store = s
			d.window.shares[lease.SchemeTides] = &schemeShares{held: held, needs: reward.Needs{Tides: &terms.Tides}}
			documents, err := d.newDocuments(mainTemplate(), miner.Hashes(1<<40), worldMs)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := documents.of(t.Context(), &lease.Lease{ID: lease.House}); err != nil {
				t.Fatal(err)
			}
			doc := documents.list[0]
			coinbase := doc.Issue(lease.Tag{1}, miner.MaxTarget, nil).Coinbase(make([]byte, 6))
			if len(doc.Direct) != tt.outputs-1 || len(coinbase) > 900 {
				t.Errorf("%d direct outputs in a coinbase of %d bytes, want %d", len(doc.Direct), len(coinbase), tt.outputs-1)
			}
			// The largest are paid.
			for i := range doc.Direct {
				if want := fmt.Sprintf("L-%04d", 24-i); doc.Direct[i].Leases[0] != want {
					t.Errorf("output %d pays %s, want %s", i, doc.Direct[i].Leases, want)
				}
			}
		})
	}
}

func TestSigops(t *testing.T) {
	for script, want := range map[string]int{
		"": 0, "51": 0, "76a914" + strings.Repeat("ac", 20) + "88ac": 1, "0014" + strings.Repeat("ae", 20): 0,
		"acad": 2, "51ae": 20, "52af52ae": 40, "4c02acacac": 1, "4d0200acacac": 1, "4e02000000acacac": 1, "4cff": 0, "4d": 0, "02ac": 0,
	} {
		b, err := hex.DecodeString(script)
		if err != nil {
			t.Fatal(err)
		}
		if got := sigops(b); got != want {
			t.Errorf("%s: %d, want %d", script, got, want)
		}
	}
}

type noTenants struct{ lease.Store }

func (noTenants) Tenants(context.Context) ([]lease.Tenant, error) { return nil, nil }

// BenchmarkSoloDocuments makes the documents of a thousand leases that keep
// their own blocks.
func BenchmarkSoloDocuments(b *testing.B) {
	d := &Dispatcher{Config: Config{Store: noTenants{}}}
	d.terms = lease.Terms{Scheme: lease.SchemeSolo, HouseScript: "52", FeePPM: 20_000}
	t := mainTemplate()
	for b.Loop() {
		documents, err := d.newDocuments(t, miner.Hashes(1<<40), worldMs)
		if err != nil {
			b.Fatal(err)
		}
		for i := range 1000 {
			if _, _, err := documents.of(b.Context(), &lease.Lease{ID: fmt.Sprintf("L-%04d", i)}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
