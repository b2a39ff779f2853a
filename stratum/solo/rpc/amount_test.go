package rpc_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

func TestAmount(t *testing.T) {
	for text, want := range map[string]rpc.Amount{
		"0": 0, "0.00000000": 0, "-0.0": 0, "1": 1e8, "0.1": 1e7, "0.00000222": 222, "1e-8": 1, "1E-08": 1, "2.5e-7": 25,
		"-0.50000000": -5e7, "20999999.97690000": 2099999997690000, "21000000": 21e14, "5e1": 5e9, "0.3": 3e7, "0.000000010": 1,
		"0e40": 0,
	} {
		if got, err := rpc.ParseAmount(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d satoshi", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "-", ".", ".5", "5.", "1.2.3", "+1", " 1", "0x1", "1_0", "NaN", "Infinity", `"1"`, "--1", "1e", "1e99", "1e+-1",
		"0.000000001", "1e-9", "21000000.00000001", "1e40", "99999999999999999999", "0.00000000000000000000000000000000000000000",
	} {
		if got, err := rpc.ParseAmount(text); !errors.Is(err, rpc.ErrAmount) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	var balances struct{ Trusted rpc.Amount }
	if err := json.Unmarshal([]byte(`{"trusted":0.29000000}`), &balances); err != nil || balances.Trusted != 29_000_000 {
		t.Errorf("balances %+v, %v", balances, err)
	}
}

// Whatever is written is read back, and is what a rational number says.
func TestAmountIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rpc.Amount(rapid.Int64Range(-21e14, 21e14).Draw(t, "satoshi"))
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got rpc.Amount
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Fatalf("%s: %d, %v, want %d", text, got, err, want)
		}
		coins, ok := new(big.Rat).SetString(string(text))
		if !ok || coins.Cmp(big.NewRat(int64(want), 1e8)) != 0 {
			t.Fatalf("%s is not %d satoshi", text, want)
		}
	})
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"0.5", "-1.00000001", "1e-8", "21000000", "00.10e2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := rpc.ParseAmount(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(big.NewRat(int64(got), 1e8)) != 0 {
			t.Fatalf("%q read as %d satoshi", s, got)
		}
		if again, err := rpc.ParseAmount(got.String()); err != nil || again != got {
			t.Fatalf("%v read as %d, %v", got, again, err)
		}
	})
}
