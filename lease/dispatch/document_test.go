package dispatch

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
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
