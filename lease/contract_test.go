package lease

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

func TestTagIsStable(t *testing.T) {
	in := TagInput{
		Provider: bytes.Repeat([]byte{1}, ed25519.PublicKeySize),
		Lease:    "L-0001",
		Tenant:   bytes.Repeat([]byte{2}, ed25519.PublicKeySize),
		Nonce:    [16]byte{3},
		Terms:    TermsHash{4},
	}
	const want = "ed352417b02941f74013c2f4e1c6f3d4" // by another program
	tag := NewTag(in)
	if got := tag.String(); got != want {
		t.Errorf("tag = %s, want %s", got, want)
	}
	back, err := ParseTag(tag.String())
	if err != nil || back != tag {
		t.Errorf("reads back as %v, %v", back, err)
	}
	for _, bad := range []string{"", "00", strings.Repeat("g", 32), strings.Repeat("0", 34)} {
		if _, err := ParseTag(bad); err == nil {
			t.Errorf("tag %q was accepted", bad)
		}
	}
}

// Every field is preceded by its length: shifting bytes from one field to the
// next must not give the same tag.
func TestTagSeparatesItsFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "text")
		i := rapid.IntRange(0, len(text)).Draw(t, "cut")
		j := rapid.IntRange(0, len(text)).Draw(t, "other cut")
		a := NewTag(TagInput{Provider: text[:i], Lease: string(text[i:])})
		b := NewTag(TagInput{Provider: text[:j], Lease: string(text[j:])})
		c := NewTag(TagInput{Lease: string(text[:i]), Tenant: text[i:]})
		d := NewTag(TagInput{Lease: string(text[:j]), Tenant: text[j:]})
		if (a == b) != (i == j) || (c == d) != (i == j) {
			t.Fatalf("cut at %d or %d of %x", i, j, text)
		}
	})
}

func TestLeaseValidate(t *testing.T) {
	good := Lease{Model: Leased, ContractedHps: 5_000_000, StartMs: 1000, EndMs: 2000, ProofMs: DefaultProofMs}
	tests := []struct {
		name   string
		change func(*Lease)
		want   string // in the error; empty when valid
	}{
		{"good", func(*Lease) {}, ""},
		{"open-ended", func(l *Lease) { l.EndMs = 0 }, ""},
		{"largest rate", func(l *Lease) { l.ContractedHps = MaxContractedHps }, ""},
		{"shortest proof", func(l *Lease) { l.ProofMs = MinProofMs }, ""},
		{"no model", func(l *Lease) { l.Model = "" }, "unknown model"},
		{"hosted", func(l *Lease) { l.Model = Hosted }, "with 0 rigs"},
		{"virtual", func(l *Lease) { l.Model = VirtualHosted }, "with 0 processors"},
		{"no rate", func(l *Lease) { l.ContractedHps = 0 }, "rate is zero"},
		{"absurd rate", func(l *Lease) { l.ContractedHps = MaxContractedHps + 1 }, "above the limit"},
		{"ends at its start", func(l *Lease) { l.EndMs = l.StartMs }, "1970-01-01T00:00:01Z"},
		{"proof too often", func(l *Lease) { l.ProofMs = MinProofMs - 1 }, "proof interval"},
		{"proof too rare", func(l *Lease) { l.ProofMs = MaxProofMs + 1 }, "proof interval"},
	}
	for _, tt := range tests {
		l := good
		tt.change(&l)
		err := l.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestStateAt(t *testing.T) {
	tests := []struct {
		name               string
		start, end, closed int64
		at                 int64
		want               State
		stop               int64
	}{
		{"before", 100, 200, 0, 99, Scheduled, 200},
		{"first moment", 100, 200, 0, 100, Active, 200},
		{"last moment", 100, 200, 0, 199, Active, 200},
		{"end", 100, 200, 0, 200, Ended, 200},
		{"open-ended", 100, 0, 0, 1 << 60, Active, 0},
		{"not yet closed", 100, 200, 150, 149, Active, 150},
		{"closed", 100, 200, 150, 150, Closed, 150},
		{"closed stays closed", 100, 200, 150, 300, Closed, 150},
		{"closed before its start", 100, 200, 50, 60, Closed, 50},
		{"closed open-ended", 100, 0, 150, 200, Closed, 150},
	}
	for _, tt := range tests {
		l := Lease{StartMs: tt.start, EndMs: tt.end, ClosedMs: tt.closed}
		if got := l.StateAt(tt.at); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if got := l.StopMs(); got != tt.stop {
			t.Errorf("%s: stops at %d, want %d", tt.name, got, tt.stop)
		}
	}
}

func TestTenantValidate(t *testing.T) {
	key := make(ed25519.PublicKey, ed25519.PublicKeySize)
	for _, id := range []string{"a", "acme-2", "0", strings.Repeat("x", 32)} {
		if err := (&Tenant{ID: id, Key: key}).Validate(); err != nil {
			t.Errorf("tenant %q: %v", id, err)
		}
	}
	for _, id := range []string{"", "-a", "A", "a b", "a:b", "é", House, strings.Repeat("x", 33), "a\n"} {
		if err := (&Tenant{ID: id, Key: key}).Validate(); err == nil {
			t.Errorf("tenant %q was accepted", id)
		}
	}
	if err := (&Tenant{ID: "a", Key: key[1:]}).Validate(); err == nil {
		t.Error("a short key was accepted")
	}
}

func sampleTerms() Terms {
	return Terms{
		Format: TermsFormat1, Text: "Work is billed as proven.", Coin: "regtest", HouseScript: "51",
		FeePPM: 20_000, Scheme: SchemeTides, Tides: DefaultTides,
	}
}

func TestTerms(t *testing.T) {
	terms := sampleTerms()
	if err := terms.Validate(); err != nil {
		t.Fatal(err)
	}
	// The hash enters every tag: it must never change for the same document.
	const want = "f11049171dae5f44711ec9796436b1b4017824388da328c81df068ebe17153d3" // by another program
	h, err := terms.Hash()
	if err != nil || h.String() != want {
		t.Errorf("hash %v, %v, want %s", h, err, want)
	}
	if back, err := ParseTermsHash(h.String()); err != nil || back != h {
		t.Errorf("reads back as %v, %v", back, err)
	}
	if _, err := ParseTermsHash("12"); err == nil {
		t.Error("a short hash was accepted")
	}
	for name, change := range map[string]func(*Terms){
		"format":       func(x *Terms) { x.Format = "" },
		"negative fee": func(x *Terms) { x.FeePPM = -1 },
		"absurd fee":   func(x *Terms) { x.FeePPM = 1_000_001 },
		"scheme":       func(x *Terms) { x.Scheme = "prop" },
		"window":       func(x *Terms) { x.Tides.MaxDays = 0 },
		"script":       func(x *Terms) { x.HouseScript = "5" },
		"no script":    func(x *Terms) { x.HouseScript = "" },
	} {
		x := sampleTerms()
		change(&x)
		if err := x.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if h2, err := x.Hash(); err == nil && h2 == h {
			t.Errorf("%s: the hash does not tell", name)
		}
	}
}

func TestEvidenceSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var one, many Evidence
		sum, sq := new(big.Int), new(big.Int)
		for range rapid.IntRange(0, 5).Draw(t, "targets") {
			w, n := drawWork(t, "work"), rapid.Uint64Range(0, 50).Draw(t, "n")
			many.AddN(w, n)
			for range n {
				one.Add(w)
				sum.Add(sum, w.Big())
				sq.Add(sq, new(big.Int).Mul(w.Big(), w.Big()))
			}
		}
		if one.N != many.N || one.Sum != many.Sum || one.Max != many.Max {
			t.Fatalf("one by one %+v, at once %+v", one, many)
		}
		if one.Sum.Big().Cmp(sum) != 0 || one.N > 0 && (one.SumSq.Cmp(sq) != 0 || many.SumSq.Cmp(sq) != 0) {
			t.Fatalf("%+v, want Σw = %v and Σw² = %v", one, sum, sq)
		}
	})
}

func TestAdmit(t *testing.T) {
	leases := []Lease{
		{ContractedHps: 10, StartMs: 0, EndMs: 100},
		{ContractedHps: 20, StartMs: 50, EndMs: 150},
		{ContractedHps: 40, StartMs: 140},
		{ContractedHps: 1000, StartMs: 0, EndMs: 500, ClosedMs: 20},
	}
	tests := []struct {
		name       string
		start, end int64
		limit      uint64
		fits       bool
	}{
		{"beside the first and second", 60, 70, 31, true},
		{"too much for them", 60, 70, 30, false},
		{"peak inside the term", 100, 145, 61, true},
		{"peak inside the term, refused", 100, 145, 60, false},
		{"before the peak", 100, 140, 21, true},
		{"open-ended", 150, 0, 41, true},
		{"open-ended meets the scheduled one", 20, 0, 60, false},
		{"a closed lease is free again", 20, 50, 11, true},
		{"but not before it closed", 19, 50, 1010, false},
	}
	for _, tt := range tests {
		err := Admit(leases, &Lease{ContractedHps: 1, StartMs: tt.start, EndMs: tt.end}, tt.limit)
		if (err == nil) != tt.fits || err != nil && !errors.Is(err, ErrOversold) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	// Rates that overflow 64 bits together.
	var big []Lease
	for range 40 {
		big = append(big, Lease{ContractedHps: MaxContractedHps})
	}
	if hps, _ := Peak(big, 0, 0); hps != miner.Hashes(MaxContractedHps).Mul(40) {
		t.Errorf("peak of 40 EH/s = %v", hps)
	}
}

func TestTransactionValidate(t *testing.T) {
	ok := Transaction{Key: "k", Kind: "found", Postings: []Posting{{"assets:wallet", "", 5}, {"liab:acme:prepaid", "L-0001", -5}}}
	if err := ok.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := (&Transaction{Key: "k", Kind: "found"}).Validate(); err != nil {
		t.Errorf("no postings: %v", err)
	}
	most := Transaction{Key: "k", Kind: "found", Postings: slices.Repeat([]Posting{{"a", "", MaxSat}, {"b", "", -MaxSat}}, maxPostings/2)}
	if err := most.Validate(); err != nil {
		t.Errorf("as many postings as may be: %v", err)
	}
	bad := func(p ...Posting) Transaction { return Transaction{Key: "k", Kind: "x", Postings: p} }
	for name, tx := range map[string]Transaction{
		"no key":      {Kind: "found"},
		"no kind":     {Key: "k"},
		"no account":  bad(Posting{"", "", 1}, Posting{"a", "", -1}),
		"odd account": bad(Posting{"Assets", "", 1}, Posting{"a", "", -1}),
		"spaced":      bad(Posting{"a b", "", 1}, Posting{"a", "", -1}),
		"zero":        bad(Posting{"a", "", 0}),
		"too much":    bad(Posting{"a", "", MaxSat + 1}, Posting{"b", "", -MaxSat - 1}),
		"too many":    bad(make([]Posting, maxPostings+1)...),
		// Twice 2^63 is zero, in 64 bits.
		"out of range": bad(slices.Repeat([]Posting{{"a", "", 1 << 50}}, 1<<14)...),
	} {
		if err := tx.Validate(); err == nil || errors.Is(err, ErrUnbalanced) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tx := bad(Posting{"a", "", 1}, Posting{"b", "", -2})
	if err := tx.Validate(); !errors.Is(err, ErrUnbalanced) {
		t.Errorf("unbalanced: %v", err)
	}
}
