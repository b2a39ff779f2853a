package statement

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTextGolden(t *testing.T) {
	b := build(t, newMemory(t))
	var out bytes.Buffer
	if err := Text(&out, &b.Statement); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/statement.txt"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("have:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestTextManyRewards(t *testing.T) {
	s := build(t, newMemory(t)).Statement
	for range 5 {
		s.Rewards = append(s.Rewards, s.Rewards...)
	}
	s.Tenant = "\x1b[31mred"
	var out bytes.Buffer
	if err := Text(&out, &s); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), " sat  0"); n > maxRewardLines {
		t.Errorf("%d rewards listed", n)
	}
	if !strings.Contains(out.String(), "blocks shared in: 64") || strings.ContainsRune(out.String(), 0x1b) {
		t.Errorf("have:\n%s", out.String())
	}
}

func TestTextErrors(t *testing.T) {
	if err := Text(new(bytes.Buffer), &receipt.Statement{}); err == nil {
		t.Error("an unsigned statement was written")
	}
	s := build(t, newMemory(t)).Statement
	if err := Text(brokenPipe{}, &s); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestRate(t *testing.T) {
	for _, tt := range []struct {
		n        uint64
		down, up string
	}{
		{0, "0 H/s", "0 H/s"}, {999, "999 H/s", "999 H/s"}, {1000, "1.000 kH/s", "1.000 kH/s"},
		{12_345, "12.34 kH/s", "12.35 kH/s"}, {999_999, "999.9 kH/s", "1000.0 kH/s"}, {5_000_000, "5.000 MH/s", "5.000 MH/s"},
		{123_456_789_000_000, "123.4 TH/s", "123.5 TH/s"}, {1<<64 - 1, "18.44 EH/s", "18.45 EH/s"},
	} {
		if down, up := rate(miner.Hashes(tt.n), false), rate(miner.Hashes(tt.n), true); down != tt.down || up != tt.up {
			t.Errorf("%d: %s and %s, want %s and %s", tt.n, down, up, tt.down, tt.up)
		}
	}
	if got := group(-1_234_567); got != "-1 234 567" {
		t.Error(got)
	}
	if got := span(3*86_400_000 + 7_200_000); got != "3 d 2 h" {
		t.Error(got)
	}
}
