package bundle

import (
	"bytes"
	"testing"
)

// checkAll makes the checks of contract and money of a statement, with what a
// bundle has of leaves and receipts.
func checkAll(v *verifier, s *Statement) {
	f := *v.facts
	f.s, v.s = s, s
	v.r = &Report{Unchecked: []string{}, Word: []string{}}
	v.facts = &f
	_ = f.checkTerms()
	_ = f.checkContract()
	_ = f.checkPeriod()
	_ = f.checkTemplates(v.jobs)
	v.checkMoney()
	_, _ = s.Encode()
	_ = s.summary(s.Terms)
}

// FuzzMoney reads statements that may say anything, beside the leaves of an
// honest bundle.
func FuzzMoney(f *testing.F) {
	var all []*verifier
	for _, name := range []string{"tides", "hosted", "house pps", "exit"} {
		w := moneyBundle(f, moneyCases()[name])
		f.Add(byte(len(all)), must(w.s.Encode()))
		file := pack(f, w.moneyProve())
		c := &contents{r: bytes.NewReader(file)}
		files := must(openArchive(c.r, int64(len(file)), DefaultMaxBytes))
		_, folders, err := foldersOf(files)
		if err != nil {
			f.Fatal(err)
		}
		v := newVerifier(f.Context(), Options{MaxBytes: DefaultMaxBytes}, c, folders[0])
		v.run()
		if bad := failed(v.r); bad != nil {
			f.Fatalf("%s: %q", name, bad)
		}
		all = append(all, v)
	}
	f.Fuzz(func(t *testing.T, which byte, document []byte) {
		s, err := DecodeStatement(document)
		if err != nil {
			return
		}
		v := *all[int(which)%len(all)]
		checkAll(&v, s)
	})
}
