package receipt

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// Documents are read as they were written, and give jobs with the tag in its
// one place.
func TestTemplate(t *testing.T) {
	for name, x := range map[string]*Template{"shared": testTemplate(t), "by the share": rich(t)} {
		document := encode(t, x)
		back, err := DecodeTemplate(document)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, document)
		}
		if again := encode(t, back); !bytes.Equal(again, document) {
			t.Errorf("%s: %s\nencodes to\n%s", name, document, again)
		}
		if err := back.Validate(); err != nil || back.IsPool() || OfPool(document) || !back.FitsRigs() || back.PoolExtranonce2(lease.Tag{}, nil, nil) != nil {
			t.Errorf("%s: %v, %+v", name, err, back)
		}
		tag := lease.Tag{1, 2, 15: 0xff}
		c, err := work.ParseCoinbase(back.Issue(tag, miner.MaxTarget, nil).Coinbase([]byte{1, 2, 3, 4, 5, 6}))
		if err != nil {
			t.Fatal(err)
		}
		if found, err := FindTag(c.ScriptSig); err != nil || found != tag {
			t.Errorf("%s: tag %v, %v", name, found, err)
		}
		if i, err := back.OutputTo(houseScript); err != nil || c.Outputs[i].Value == 0 {
			t.Errorf("%s: output %d pays the house, %v", name, i, err)
		}
		if i, err := back.OutputTo([]byte{0x6a, 0x24}); err != nil || i != -1 {
			t.Errorf("%s: output %d pays nobody, %v", name, i, err)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(x *Template)
		want   string
	}{
		"a format of before":      {func(x *Template) { x.Format = "hashlease-template/2" }, "format"},
		"a pool's format":         {func(x *Template) { x.Format = PoolTemplateFormat }, "format"},
		"another height":          {func(x *Template) { x.Height++ }, "for height 840000"},
		"cut elsewhere":           {func(x *Template) { x.Head, x.Tail = append(slices.Clone(x.Head), 0), x.Tail[1:] }, ""},
		"a longer head":           {func(x *Template) { x.Head = append(slices.Clone(x.Head), 0) }, ""},
		"no room to commit":       {func(x *Template) { x.Tail = Hex{6} }, ""},
		"another push":            {func(x *Template) { x.Tail[0] = 31 }, "no push of 32 bytes"},
		"mask beyond BIP320":      {func(x *Template) { x.Mask = 0xffffffff }, "mask"},
		"version rolled already":  {func(x *Template) { x.Version |= 0x2000 }, "mask"},
		"bits without target":     {func(x *Template) { x.Bits = 0 }, "bits"},
		"before its bound":        {func(x *Template) { x.MinTime = x.Time + 1 }, "not within its bounds"},
		"after its bound":         {func(x *Template) { x.MaxTime = x.Time - 1 }, "not within its bounds"},
		"no extranonce2":          {func(x *Template) { x.Extranonce2Size = 0 }, "extranonces of"},
		"negative extranonce1":    {func(x *Template) { x.Extranonce1Size = -1 }, "extranonces of"},
		"large extranonce1":       {func(x *Template) { x.Extranonce1Size = 17 }, "extranonces of"},
		"extranonces and more":    {func(x *Template) { x.Extranonce1Size = 16 }, ""},
		"too many branches":       {func(x *Template) { x.Branches = make([]B32, 33) }, "33 merkle branches"},
		"no branches":             {func(x *Template) { x.Branches = nil }, "branches"},
		"a huge coinbase":         {func(x *Template) { x.Coinb2 = make([]byte, maxCoinbase) }, "coinbase of"},
		"a cut coinbase":          {func(x *Template) { x.Coinb2 = x.Coinb2[:9] }, "malformed coinbase"},
		"negative fee":            {func(x *Template) { x.Fee = -1 }, "fee of -1"},
		"fee above the reward":    {func(x *Template) { x.Fee = x.Reward + 1 }, "fee of"},
		"another reward":          {func(x *Template) { x.Reward++ }, "do not sum"},
		"less reward":             {func(x *Template) { x.Reward-- }, "do not sum"},
		"negative carry":          {func(x *Template) { x.Carry = -1 }, "carry of -1"},
		"carry above the rest":    {func(x *Template) { x.Carry = x.Reward - x.Fee + 1 }, "carry of"},
		"direct, but not there":   {func(x *Template) { x.Direct[0].Sat++ }, "the document says"},
		"direct to another":       {func(x *Template) { x.Direct[0].Script[2]++ }, "the document says"},
		"there, but not direct":   {func(x *Template) { x.Direct = nil }, "of which the document says nothing"},
		"direct once more":        {func(x *Template) { x.Direct = append(x.Direct, Direct{Script: payeeScript(7), Sat: 1}) }, "the document says 1"},
		"shared and by the share": {func(x *Template) { x.Earns = &Earns{Sat: x.Reward} }, "must be the house's"},
		"more than there is":      {func(x *Template) { x.Earns = &Earns{Sat: lease.MaxSat + 1} }, "shares are paid by"},
		"more fees than reward":   {func(x *Template) { x.Earns = &Earns{Sat: 1, FeesSat: 2} }, "shares are paid by"},
	} {
		x := testTemplate(t)
		c.change(x)
		commit(t, x)
		if err := x.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
		if _, err := DecodeTemplate(encode(t, x)); err == nil {
			t.Errorf("%s: its document is taken", name)
		}
	}
}

// What is not as the coinbase says, was not what was worked on.
func TestCommitment(t *testing.T) {
	for name, change := range map[string]func(x *Template){
		"another split":       func(x *Template) { x.Split[0]++ },
		"other terms":         func(x *Template) { x.Terms[0]++ },
		"another time":        func(x *Template) { x.MaxTime++ },
		"another tip":         func(x *Template) { x.Prev[0]++ },
		"another fee":         func(x *Template) { x.Fee++ },
		"other leases direct": func(x *Template) { x.Direct[0].Leases = []string{"L-0002"} },
		"another commitment":  func(x *Template) { x.Tail[1]++ },
	} {
		x := testTemplate(t)
		change(x)
		if err := x.Validate(); err == nil || !strings.Contains(err.Error(), "commits to another document") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDecodeTemplateErrors(t *testing.T) {
	document := encode(t, testTemplate(t))
	swap := func(old, new string) []byte { return bytes.Replace(document, []byte(old), []byte(new), 1) }
	for name, bad := range map[string][]byte{
		"nothing":       nil,
		"too large":     append(slices.Clone(document), make([]byte, MaxTemplateSize)...),
		"white space":   append([]byte(" "), document...),
		"unknown field": swap(`{"bits"`, `{"a":0,"bits"`),
		"upper case":    swap("1d00ffff", "1D00FFFF"),
		"odd digits":    swap(`"head":"0`, `"head":"`),
		"eight digits":  swap(`"bits":"1d00ffff"`, `"bits":"1d00fff"`),
		"a split":       swap(`"split":"`, `"split":[],"a":"`),
		"a zero":        swap(`"fee":6250000`, `"carry":0,"fee":6250000`),
		"two values":    append(slices.Clone(document), document...),
	} {
		if bytes.Equal(bad, document) {
			t.Errorf("%s: nothing changed in %s", name, document)
		}
		if _, err := DecodeTemplate(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzDecodeTemplate: a document that is taken has one spelling, and whatever
// the tag is, it is found in the house's jobs and never in a pool's.
func FuzzDecodeTemplate(f *testing.F) {
	f.Add(encode(f, testTemplate(f)))
	f.Add(encode(f, rich(f)))
	for _, n := range []int{4, 8, 30} {
		f.Add(encode(f, poolTemplate(f, n)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := DecodeTemplate(data)
		if err != nil {
			return
		}
		if again, err := x.Encode(); err != nil || !bytes.Equal(again, data) || OfPool(data) != x.IsPool() {
			t.Fatalf("%s encodes to %s, %v", data, again, err)
		}
		tag := lease.Tag{16, 16, 16, 16, 16, 16, 16, 16, 16, 16}
		for _, fill := range []byte{0, 16, 255} {
			issue := x.Issue(tag, miner.MaxTarget, nil)
			c, err := work.ParseCoinbase(issue.Coinbase(bytes.Repeat([]byte{fill}, x.Extranonce1Size+x.Extranonce2Size)))
			if err != nil {
				t.Fatal(err)
			}
			if found, err := FindTag(c.ScriptSig); (err == nil) == x.IsPool() || err == nil && found != tag {
				t.Fatalf("tag %v, %v in %s", found, err, data)
			}
		}
	})
}

// BenchmarkDecodeTemplate has the size of a main chain's: twelve branches.
func BenchmarkDecodeTemplate(b *testing.B) {
	x := testTemplate(b)
	x.Branches = make([]B32, 12)
	document := encode(b, commit(b, x))
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		if _, err := DecodeTemplate(document); err != nil {
			b.Fatal(err)
		}
	}
}
