package receipt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// TestTemplateIssue checks that a template gives back, for every tag, the job
// that would have been built with that tag.
func TestTemplateIssue(t *testing.T) {
	tags := []lease.Tag{{1}, {2, 15: 0xff}, {15: 16}}
	for _, height := range []int64{1, 16, 17, 127, 128, 32767, 32768, 840_000, 1 << 24} {
		source := &solo.Template{
			Height: height, Version: 0x3fffffff, PrevHash: miner.Hash{5}, Bits: easyBits, CurTime: 1000, MinTime: 900, CoinbaseValue: 50,
			Txs: []solo.Tx{{Data: []byte{1}, TxID: miner.Hash{1}, WTxID: miner.Hash{2}}, {Data: []byte{2}, TxID: miner.Hash{3}, WTxID: miner.Hash{4}}},
		}
		outputs := []stratum.Output{{Value: 50, Script: houseScript}}
		build := func(tag lease.Tag) *stratum.Job {
			job, err := solo.BuildJob(source, "1", tag, outputs)
			if err != nil {
				t.Fatal(err)
			}
			return job
		}
		tpl, err := NewTemplate(TemplateInput{
			Job: build(tags[0]), Tag: tags[0], Height: height, Mask: stratum.VersionMask, MinTime: 900, MaxTime: 2000,
			Extranonce1Size: solo.ExtranonceSize1, Extranonce2Size: solo.ExtranonceSize2, Reward: 50, Split: []lease.Part{{Lease: "house", Sat: 50}},
		})
		if err != nil {
			t.Fatal(err)
		}
		document, err := tpl.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if tpl, err = DecodeTemplate(document); err != nil {
			t.Fatal(err)
		}
		for _, tag := range tags {
			want := build(tag)
			copy(want.Coinb1[len(tpl.Head)+lease.TagSize:], tpl.Tail[:33])
			got := tpl.Issue(tag, miner.MaxTarget, []byte{1, 2})
			share := stratum.Share{Extranonce2: []byte{3, 4, 5, 6}, Time: 1500, Nonce: 7, VersionBits: 0x2000, HasVersion: true}
			header, _, err := got.Check(share)
			if err != nil {
				t.Fatal(err)
			}
			if h := want.Header([]byte{1, 2, 3, 4, 5, 6}, want.Version|0x2000, 1500, 7); header != h {
				t.Errorf("height %d, tag %s: header %s, want %s", height, tag, header, h)
			}
			c, err := stratum.ParseCoinbase(got.Coinbase([]byte{1, 2, 3, 4, 5, 6}))
			if err != nil {
				t.Fatal(err)
			}
			if found, err := FindTag(c.ScriptSig); err != nil || found != tag {
				t.Errorf("height %d: tag %s, %v, want %s", height, found, err, tag)
			}
		}
	}
}

func TestNewTemplateErrors(t *testing.T) {
	terms := testTerms()
	tests := []struct {
		name   string
		change func(*TemplateInput)
		want   string
	}{
		{"other tag", func(in *TemplateInput) { in.Tag[0]++ }, "does not carry tag"},
		{"cut coinbase", func(in *TemplateInput) { in.Job.Coinb2 = in.Job.Coinb2[:9] }, "malformed coinbase"},
		{"tag within coinb2", func(in *TemplateInput) {
			n := len(in.Job.Coinb1) - 43
			in.Job.Coinb1, in.Job.Coinb2 = in.Job.Coinb1[:n], append(slices.Clone(in.Job.Coinb1[n:]), in.Job.Coinb2...)
		}, "does not carry tag"},
		{"mask beyond BIP320", func(in *TemplateInput) { in.Mask = 0xffffffff }, "mask"},
		{"version rolled already", func(in *TemplateInput) { in.Job.Version |= 0x2000 }, "mask"},
		{"bits without target", func(in *TemplateInput) { in.Job.Bits = 0 }, "bits"},
		{"time before its bound", func(in *TemplateInput) { in.MinTime = in.Job.Time + 1 }, "not within its bounds"},
		{"time after its bound", func(in *TemplateInput) { in.MaxTime = in.Job.Time - 1 }, "not within its bounds"},
		{"no extranonce2", func(in *TemplateInput) { in.Extranonce2Size = 0 }, "extranonces of"},
		{"large extranonce1", func(in *TemplateInput) { in.Extranonce1Size = 17 }, "extranonces of"},
		{"too many branches", func(in *TemplateInput) { in.Job.Branches = make([]miner.Hash, 33) }, "33 merkle branches"},
		{"too many parts", func(in *TemplateInput) { in.Split = make([]lease.Part, MaxSplit+1) }, "20001 parts"},
		{"negative fee", func(in *TemplateInput) { in.Fee = -1 }, "fee of -1"},
		{"fee above the reward", func(in *TemplateInput) { in.Fee = in.Reward + 1 }, "fee of"},
		{"negative reward", func(in *TemplateInput) { in.Reward = -in.Reward }, "do not sum"},
		{"zero part", func(in *TemplateInput) { in.Split[1].Sat = 0 }, "gets 0 satoshi"},
		{"negative part", func(in *TemplateInput) { in.Split[1].Sat = -1 }, "gets -1 satoshi"},
		{"part beyond 64 bits", func(in *TemplateInput) { in.Split[0].Sat, in.Split[1].Sat = 1<<63-1, 1<<63-1 }, "integer within"},
		{"parts out of order", func(in *TemplateInput) { slices.Reverse(in.Split) }, "not in order"},
		{"lease twice", func(in *TemplateInput) { in.Split[1].Lease = in.Split[0].Lease }, "not in order"},
		{"nameless lease", func(in *TemplateInput) { in.Split[0].Lease = "" }, "not in order"},
		{"no room for a commitment", func(in *TemplateInput) { *in = testInput(20, &terms) }, "no push of 32 bytes"},
		{"negative carry", func(in *TemplateInput) { in.Carry = -1 }, "carry of -1"},
		{"carry above what is left", func(in *TemplateInput) { in.Carry = in.Reward - in.Fee + 1 }, "carry of"},
		{"carry that nothing was taken for", func(in *TemplateInput) { in.Carry = 1 }, "satoshi of the"},
		{"direct output that is not there", func(in *TemplateInput) {
			in.Direct = []Direct{{Script: payeeScript(1), Sat: 3_000_000_000, Leases: []string{testLease}}}
		}, "the document says 3000000000"},
		{"more is paid by the share than there is", func(in *TemplateInput) { in.Earns = &Earns{Sat: lease.MaxSat + 1} }, "shares are paid by"},
		{"paid by the share and shared", func(in *TemplateInput) { in.Earns = &Earns{Sat: in.Reward} }, "must be the house's"},
		{"short split", func(in *TemplateInput) { in.Split = in.Split[:2] }, "short of the reward"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := withRoom(testInput(20, &terms))
			tt.change(&in)
			if _, err := NewTemplate(in); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestDecodeTemplateErrors(t *testing.T) {
	terms := testTerms()
	tpl := testTemplate(t, 20, &terms)
	document, err := tpl.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"nothing":       nil,
		"too large":     append(document, make([]byte, MaxTemplateSize)...),
		"white space":   append([]byte(" "), document...),
		"other format":  bytes.Replace(document, []byte("template/1"), []byte("template/2"), 1),
		"unknown field": bytes.Replace(document, []byte(`{"bits"`), []byte(`{"a":0,"bits"`), 1),
		"upper case":    bytes.Replace(document, []byte("ffff"), []byte("FFFF"), 1),
		"odd digits":    bytes.Replace(document, []byte(`"head":"0`), []byte(`"head":"`), 1),
		"two values":    append(slices.Clone(document), document...),
	} {
		if _, err := DecodeTemplate(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFindTag(t *testing.T) {
	tag := lease.Tag{1, 2, 3, 15: 4}
	push := append([]byte{16}, tag[:]...)
	other := append([]byte{16}, make([]byte, 16)...)
	good := map[string][]byte{
		"OP_1":              slices.Concat([]byte{0x51}, push),
		"OP_16":             slices.Concat([]byte{0x60}, push, []byte("more")),
		"one byte":          slices.Concat([]byte{1, 17}, push),
		"three bytes":       slices.Concat([]byte{3, 1, 2, 3}, push, []byte{6, 0, 0, 0, 0, 0, 0}),
		"height of pushes":  slices.Concat([]byte{3, 16, 16, 16}, push),
		"another one after": slices.Concat([]byte{1, 17}, push, other),
	}
	for name, script := range good {
		if got, err := FindTag(script); err != nil || got != tag {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	bad := map[string][]byte{
		"nothing":          nil,
		"no height":        push,
		"OP_0":             slices.Concat([]byte{0}, push),
		"height of 6":      slices.Concat([]byte{6, 1, 2, 3, 4, 5, 6}, push),
		"height alone":     {3, 1, 2, 3},
		"cut height":       {3, 1},
		"OP_PUSHDATA1":     slices.Concat([]byte{1, 17, 0x4c}, push),
		"15 bytes":         slices.Concat([]byte{1, 17, 15}, tag[:15]),
		"17 bytes":         slices.Concat([]byte{1, 17, 17}, tag[:], []byte{0}),
		"cut tag":          slices.Concat([]byte{1, 17, 16}, tag[:15]),
		"something before": slices.Concat([]byte{1, 17, 1, 1}, push),
		"two heights":      slices.Concat([]byte{1, 17, 0x51}, push),
	}
	for name, script := range bad {
		if got, err := FindTag(script); !errors.Is(err, ErrNoTag) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func FuzzFindTag(f *testing.F) {
	f.Add(append([]byte{3, 1, 2, 3, 16}, make([]byte, 16)...))
	f.Add(append([]byte{0x51, 16}, make([]byte, 20)...))
	f.Fuzz(func(t *testing.T, script []byte) {
		tag, err := FindTag(script)
		if err != nil {
			return
		}
		// Wherever else the tag is, this is its first possible place.
		at := bytes.Index(script, append([]byte{16}, tag[:]...))
		if at < 0 || at > 6 {
			t.Fatalf("tag %s found at %d in %x", tag, at, script)
		}
	})
}

func FuzzDecodeTemplate(f *testing.F) {
	terms := testTerms()
	tpl := testTemplate(f, 20, &terms)
	document, err := tpl.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	for _, scheme := range []string{lease.SchemePPLNS, lease.SchemePPS} {
		terms := schemeTerms(scheme)
		if scheme == lease.SchemePPLNS {
			terms = direct(terms)
		}
		_, document, err := NewEncoded(schemeInput(20, &terms))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tpl, err := DecodeTemplate(data)
		if err != nil {
			return
		}
		if again, err := tpl.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%s encodes to %s, %v", data, again, err)
		}
		issue := tpl.Issue(lease.Tag{1}, miner.MaxTarget, make([]byte, tpl.Extranonce1Size))
		c, err := stratum.ParseCoinbase(issue.Coinbase(make([]byte, tpl.Extranonce1Size+tpl.Extranonce2Size)))
		if err != nil {
			t.Fatal(err)
		}
		if tag, err := FindTag(c.ScriptSig); err != nil || tag != (lease.Tag{1}) {
			t.Fatalf("tag %s, %v", tag, err)
		}
	})
}

func TestHexTypes(t *testing.T) {
	var u U256
	if err := json.Unmarshal([]byte(`"`+strings.Repeat("00", 31)+`07"`), &u); err != nil || u[0] != 7 {
		t.Errorf("%x, %v", u, err)
	}
	var n U32
	if err := json.Unmarshal([]byte(`"1fffe000"`), &n); err != nil || n != stratum.VersionMask {
		t.Errorf("%x, %v", n, err)
	}
	for _, bad := range []string{`"1fffe00"`, `"1fffe0000"`, `"1fffe00x"`, `7`} {
		if err := json.Unmarshal([]byte(bad), &n); err == nil {
			t.Errorf("%s: accepted", bad)
		}
	}
}

func TestSixDigits(t *testing.T) {
	for _, tt := range []struct{ n, down, up uint64 }{
		{0, 0, 0}, {999_999, 999_999, 999_999}, {1_000_000, 1_000_000, 1_000_000}, {1_000_001, 1_000_000, 1_000_010},
		{9_999_999, 9_999_990, 10_000_000}, {1<<64 - 1, 18_446_700_000_000_000_000, 1<<64 - 1},
	} {
		if down, up := sixDigits(tt.n, false), sixDigits(tt.n, true); down != tt.down || up != tt.up {
			t.Errorf("%d: %d and %d, want %d and %d", tt.n, down, up, tt.down, tt.up)
		}
	}
}

// BenchmarkDecodeTemplate has the size of a main chain's: twelve branches and
// a split in twenty parts.
func BenchmarkDecodeTemplate(b *testing.B) {
	terms := testTerms()
	in := withRoom(testInput(20, &terms))
	in.Job.Branches = make([]miner.Hash, 12)
	in.Split = nil
	for i := range int64(20) {
		in.Split = append(in.Split, lease.Part{Lease: fmt.Sprintf("L-%04d", i), Sat: (in.Reward - in.Fee) / 20})
	}
	tpl, err := NewTemplate(in)
	if err != nil {
		b.Fatal(err)
	}
	document, err := tpl.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		if _, err := DecodeTemplate(document); err != nil {
			b.Fatal(err)
		}
	}
}
