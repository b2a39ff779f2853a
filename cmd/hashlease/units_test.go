package main

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

func TestParseRate(t *testing.T) {
	good := map[string]uint64{
		"5MH": 5_000_000, "5MH/s": 5_000_000, "5 MH/s": 5_000_000, "5000000": 5_000_000, "5M": 5_000_000,
		"1.5GH": 1_500_000_000, "0.001kH": 1, "1": 1, "1H": 1, "250K": 250_000, "250k": 250_000,
		"1.234567TH/s": 1_234_567_000_000, "0.1MH": 100_000, "1.50MH": 1_500_000, "1EH": 1_000_000_000_000_000_000,
		" 7MH ": 7_000_000, "1.0": 1,
	}
	for text, want := range good {
		if got, err := parseRate(text); err != nil || got != want {
			t.Errorf("parseRate(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	bad := []string{"", "0", "0MH", "0.000", "-5MH", "MH", "5XH", "5MHz", "1.5", "0.0001kH", "1e6", "2EH", "1.0000000000000000001EH",
		"99999999999999999999", "999999999999999999999999999999", "5,5MH", "١MH", ".5MH", "5.MH", "0x10", "5MM", "+5MH", "NaN"}
	for _, text := range bad {
		got, err := parseRate(text)
		if err == nil {
			t.Errorf("parseRate(%q) = %d, want an error", text, got)
		} else if exitCode(err) != exitUsage {
			t.Errorf("parseRate(%q): exit code %d", text, exitCode(err))
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"5MH", "1.5GH/s", "-1", "0.0", "1EH"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		hps, err := parseRate(s)
		if err == nil && (hps == 0 || hps > lease.MaxContractedHps) {
			t.Errorf("parseRate(%q) = %d", s, hps)
		}
	})
}

func TestFormat(t *testing.T) {
	for hps, want := range map[uint64]string{
		0: "0 H/s", 999: "999 H/s", 1000: "1.000 kH/s", 9_999_499: "9.999 MH/s", 9_999_500: "10.00 MH/s",
		61_250_000: "61.25 MH/s", 999_949_999: "999.9 MH/s", 999_950_000: "1.000 GH/s", 1_000_000_000_000_000_000: "1.000 EH/s",
		18_446_744_073_709_551_615: "18.45 EH/s",
	} {
		if got := formatRate(hps); got != want {
			t.Errorf("formatRate(%d) = %q, want %q", hps, got, want)
		}
	}
	for sat, want := range map[int64]string{0: "0.00000000", 1: "0.00000001", -150_000_000: "-1.50000000",
		5_000_000_000: "50.00000000", -1 << 63: "-92233720368.54775808"} {
		if got := formatSat(sat); got != want {
			t.Errorf("formatSat(%d) = %q, want %q", sat, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	got := table([][]string{{"A", "NUMBER"}, {"long", "1"}, {"µ", "22"}}, "NUMBER")
	want := "A     NUMBER\nlong       1\nµ         22\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if strings.Contains(got, " \n") {
		t.Error("a line ends in spaces")
	}
}

func TestTwoDigits(t *testing.T) {
	for v, want := range map[uint64]uint64{0: 1, 7: 7, 99: 99, 100: 100, 129: 120, 24_871_234: 24_000_000} {
		if got := twoDigits(v); got != want {
			t.Errorf("twoDigits(%d) = %d, want %d", v, got, want)
		}
	}
}

func TestParseHashes(t *testing.T) {
	for text, want := range map[string]string{
		"1PH": "1000000000000000", "0.5 EH": "500000000000000000", "1": "1", "20000EH": "20000000000000000000000", "1.5k": "1500",
	} {
		if got, err := parseHashes(text); err != nil || got.String() != want {
			t.Errorf("parseHashes(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1PH", "1PH/s", "1.5", "PH", "1ZH"} {
		if got, err := parseHashes(text); err == nil {
			t.Errorf("parseHashes(%q) = %v, want an error", text, got)
		}
	}
}

func TestParseSat(t *testing.T) {
	for text, want := range map[string]int64{
		"5000sat": 5000, "5000 SAT": 5000, "0.001BTC": 100_000, "1.00000001btc": 100_000_001, "2 BTC-REGTEST": 200_000_000,
		"21000000BTC": lease.MaxSat, "1.50000000000BTC": 150_000_000, "1.0sat": 1,
	} {
		if got, err := parseSat(text, "BTC-REGTEST"); err != nil || got != want {
			t.Errorf("parseSat(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "no unit", "5000": "no unit", "-1sat": "negative", "0sat": "is zero", "0.000000001BTC": "not a whole number of satoshi",
		"1.5sat": "not a whole number", "1USD": "the books are in BTC-REGTEST", "21000000.00000001BTC": "21 million",
		"99999999999999999999BTC": "21 million", "1e3sat": "want one such as", "BTC": "want one such as", "+1BTC": "want one such as",
		"1,5BTC": "want one such as", "0x1sat": "want one such as", ".5BTC": "want one such as",
	} {
		got, err := parseSat(text, "BTC-REGTEST")
		if err == nil || exitCode(err) != exitUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("parseSat(%q) = %d, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzParseSat(f *testing.F) {
	for _, s := range []string{"5000sat", "0.001BTC", "-1sat", "1.5sat"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sat, err := parseSat(s, "BTC")
		if err == nil && (sat < 1 || sat > lease.MaxSat) {
			t.Errorf("parseSat(%q) = %d", s, sat)
		}
		if err == nil {
			if back, err := parseSat(formatSat(sat)+"BTC", "BTC"); err != nil || back != sat {
				t.Errorf("%d sat reads back as %d, %v", sat, back, err)
			}
		}
	})
}
