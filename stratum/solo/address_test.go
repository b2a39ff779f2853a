package solo_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/stratum/solo"
)

func forms(t interface{ Fatalf(string, ...any) }, coin, network string) solo.AddressForms {
	f, ok := solo.FormsOf(coin, network)
	if !ok {
		t.Fatalf("no forms of %s %s", coin, network)
	}
	return f
}

// Every address that btcd's code writes is read as the script that btcd's
// code pays it with, and is refused on a network of other forms.
func TestAddressesOfBtcd(t *testing.T) {
	nets := map[string]*chaincfg.Params{
		"main": &chaincfg.MainNetParams, "testnet3": &chaincfg.TestNet3Params,
		"regtest": &chaincfg.RegressionNetParams, "simnet": &chaincfg.SimNetParams,
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"main", "testnet3", "regtest", "simnet"}).Draw(t, "network")
		params := nets[name]
		hash := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")
		var a address.Address
		var err error
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			a, err = address.NewAddressPubKeyHash(hash[:20], params)
		case 1:
			a, err = address.NewAddressScriptHashFromHash(hash[:20], params)
		case 2:
			a, err = address.NewAddressWitnessPubKeyHash(hash[:20], params)
		case 3:
			a, err = address.NewAddressWitnessScriptHash(hash, params)
		case 4:
			a, err = address.NewAddressTaproot(hash, params)
		}
		if err != nil {
			t.Fatal(err)
		}
		want, err := txscript.PayToAddrScript(a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := forms(t, "btc", name).Script(a.EncodeAddress())
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v on %s: %x, %v, want %x", a, name, got, err, want)
		}
		if _, err := forms(t, "sandbox", "sandbox").Script(a.EncodeAddress()); err == nil || !strings.Contains(err.Error(), "belongs to the Bitcoin") {
			t.Fatalf("%v on the sandbox: error %v", a, err)
		}
		typo := []byte(a.EncodeAddress())
		i := rapid.IntRange(4, len(typo)-1).Draw(t, "typo")
		typo[i] = map[bool]byte{true: 'q', false: 'p'}[typo[i] == 'p']
		if _, err := forms(t, "btc", name).Script(string(typo)); !errors.Is(err, solo.ErrAddress) {
			t.Fatalf("%s with a typo: %v", typo, err)
		}
	})
}

// Pairs from the cashaddr specification: both spellings pay one script.
func TestCashaddr(t *testing.T) {
	f := forms(t, "bch", "main")
	for cash, legacy := range map[string]string{
		"bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a": "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
		"bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy": "1KXrWXciRDZUpQwQmuM1DbwsKDLYAYsVLR",
		"bitcoincash:qqq3728yw0y47sqn6l2na30mcw6zm78dzqre909m2r": "16w1D5WRVKJuZUsSRzdLp9w3YGcgoxDXb",
		"bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq": "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC",
		"bitcoincash:pr95sy3j9xwd2ap32xkykttr4cvcu7as4yc93ky28e": "3LDsS579y7sruadqu11beEJoTjdFiFCdX4",
		"bitcoincash:pqq3728yw0y47sqn6l2na30mcw6zm78dzq5ucqzc37": "31nwvkZwyPdgzjBJZXfDmSWsC4ZLKpYyUw",
	} {
		want, err := f.Script(legacy)
		if err != nil {
			t.Fatal(err)
		}
		for _, spelling := range []string{cash, strings.TrimPrefix(cash, "bitcoincash:"), strings.ToUpper(cash)} {
			if got, err := f.Script(spelling); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s = %x, %v, want %x", spelling, got, err, want)
			}
		}
		if _, err := forms(t, "bch", "regtest").Script(cash); err == nil || !strings.Contains(err.Error(), "Bitcoin Cash main network") {
			t.Errorf("%s on regtest: %v", cash, err)
		}
	}
}

func TestRawScripts(t *testing.T) {
	f := forms(t, "sandbox", "sandbox")
	if got, err := f.Script("script:51"); err != nil || !bytes.Equal(got, []byte{0x51}) {
		t.Errorf("script:51 = %x, %v", got, err)
	}
	for _, bad := range []string{"", "script:", "script:5", "script:zz", "script:" + strings.Repeat("51", 600), "hello", "hl1q"} {
		if _, err := f.Script(bad); !errors.Is(err, solo.ErrAddress) {
			t.Errorf("%.20q: error %v", bad, err)
		}
	}
}

// Addresses of versions that anybody can spend today are refused.
func TestFutureWitnessVersion(t *testing.T) {
	// BIP350's own vectors: version 16 and version 2.
	for _, a := range []string{"BC1SW50QGDZ25J", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"} {
		if _, err := forms(t, "btc", "main").Script(a); err == nil {
			t.Errorf("%s accepted", a)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
		"bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "script:51", "hl1q", "1", ":", "bc1"} {
		f.Add(s)
	}
	nets := []solo.AddressForms{forms(f, "btc", "main"), forms(f, "bch", "main"), forms(f, "sandbox", "sandbox")}
	f.Fuzz(func(t *testing.T, s string) {
		for _, n := range nets {
			script, err := n.Script(s)
			if err == nil && (len(script) == 0 || len(script) > 520) {
				t.Fatalf("%q pays %x", s, script)
			}
			if err != nil && !errors.Is(err, solo.ErrAddress) {
				t.Fatalf("%q: %v", s, err)
			}
		}
	})
}
