package rpc

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

// genesis is the first block of Bitcoin.
func genesis(t testing.TB) string {
	var b strings.Builder
	if err := chaincfg.MainNetParams.GenesisBlock.Serialize(hex.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSubsidy(t *testing.T) {
	for _, tc := range []struct {
		network string
		height  int64
		want    int64
	}{
		{"main", 1, 50e8}, {"main", 209_999, 50e8}, {"main", 210_000, 25e8}, {"main", 840_000, 312_500_000},
		{"testnet4", 210_000, 25e8}, {"simnet", 150, 50e8}, {"main", 6_719_999, 1 + 1}, {"main", 6_930_000, 0}, {"main", 210_000 * 64, 0},
		{"regtest", 149, 50e8}, {"regtest", 150, 25e8}, {"regtest", 150 * 200, 0},
	} {
		if got := subsidy(tc.network, tc.height); got != tc.want {
			t.Errorf("%s at %d: %d satoshi, want %d", tc.network, tc.height, got, tc.want)
		}
	}
}

func TestCoinbaseValue(t *testing.T) {
	block := genesis(t)
	const id = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
	if sat, hash, err := coinbaseValue(block); err != nil || sat != 50e8 || hash.String() != id {
		t.Errorf("%d satoshi of block %v, %v", sat, hash, err)
	}
	value := strings.Index(block, "00f2052a01000000")
	for name, bad := range map[string]string{
		"empty": "", "torn header": block[:100], "no transactions": block[:160] + "00", "torn coinbase": block[:200],
		"no hexadecimal": "xy" + block[2:], "a negative value": block[:value] + "ffffffffffffffff" + block[value+16:],
		"too many coins": block[:value] + "0000000000ffff7f" + block[value+16:],
	} {
		if sat, _, err := coinbaseValue(bad); err == nil {
			t.Errorf("%s: %d satoshi", name, sat)
		}
	}
}

func FuzzCoinbaseValue(f *testing.F) {
	block := genesis(f)
	f.Add(block)
	f.Add(block[:162])
	f.Fuzz(func(t *testing.T, block string) {
		if sat, _, err := coinbaseValue(block); err == nil && (sat < 0 || sat > maxSatoshi) {
			t.Errorf("%d satoshi", sat)
		}
	})
}
