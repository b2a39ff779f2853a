package bundle

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
)

// otherTerms says that blocks are found by a lease of other terms.
type otherTerms struct {
	terms    func(t *lease.Terms)
	template func(t *receipt.Template)
	unlogged bool // these terms are in no log
}

// otherJob adds a job of another lease, with its terms.
func (w *moneyWorld) otherJob(h int) int64 {
	o, terms := w.o.other, w.terms
	terms.Text = "Be kind."
	if o.terms != nil {
		o.terms(&terms)
	}
	if !o.unlogged {
		w.append(must(leaf.NewTerms(&terms)), true)
	}
	ms := w.at(h, 42)
	tip, height := w.tipAt(ms)
	t := w.houseTemplate(tip, height, uint32(ms/1000))
	t.Terms = receipt.B32(must(terms.Hash()))
	if o.template != nil {
		o.template(t)
	}
	return w.putJob(t, ms)
}

// TestOtherTerms has a part of blocks that were found under other terms, which
// bind the provider just as well.
func TestOtherTerms(t *testing.T) {
	mined := make(mined)
	for _, tt := range []struct {
		name  string
		other otherTerms
		check string // "": it holds
		says  string
	}{
		{"honest", otherTerms{}, "", ""},
		{"a higher fee", otherTerms{template: func(t *receipt.Template) { t.Fee++ }}, "fee", "the terms allow"},
		{"a fee that is not in these terms", otherTerms{terms: func(t *lease.Terms) { t.FeePPM = 1 }}, "fee", "the terms allow"},
		{"an output of the provider's own", otherTerms{template: func(t *receipt.Template) {
			t.Coinb2 = append(appendOutput([]byte{0xff, 0xff, 0xff, 0xff, 1}, moneyReward, []byte{0x51, 1, 1}), 0, 0, 0, 0)
		}}, "outputs", "the terms say"},
		{"a carry", otherTerms{template: func(t *receipt.Template) { t.Carry = 5 }}, "scheme", "are carried"},
		{"a part of what is its finder's", otherTerms{terms: func(t *lease.Terms) { t.Scheme = lease.SchemeSolo }}, "scheme", "is its finder's"},
		{"terms that nobody logged", otherTerms{unlogged: true}, "templates", "not in the log"},
		{"terms that cannot be", otherTerms{terms: func(t *lease.Terms) { t.FeePPM = 2_000_000 }}, "terms", "fee"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := moneyCases()["tides"]
			o.mined, o.other = mined, &tt.other
			r := verify(t, pack(t, moneyBundle(t, o).moneyProve()), Options{})
			if tt.check != "" {
				refuse(t, r, tt.check, tt.says)
				return
			}
			if !r.OK() {
				t.Errorf("%q", failed(r))
			}
			if !slices.ContainsFunc(r.Word, func(s string) bool {
				return strings.Contains(s, "2 of the blocks were found under the terms of other leases")
			}) {
				t.Errorf("unchecked: %q", r.Word)
			}
		})
	}
}
