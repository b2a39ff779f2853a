package leaf_test

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
)

// What a reader of JSON would take for the same is another leaf, and none: Go's
// folds cases, Kelvin signs and long s included, and takes the last of two keys.
func TestSpellings(t *testing.T) {
	b := sampleBatch()
	e := must(leaf.NewBatch(&b))(t)
	good := string(e.Body)
	for _, x := range [][2]string{
		{`"lease"`, `"Lease"`}, {`"lease"`, "\"lea\u017fe\""}, {`"kind"`, `"KIND"`}, {`"kind"`, "\"\u212aind\""}, {`"public"`, `"Public"`}, {`"lease"`, `"lea\u0073e"`},
		{`"n":`, `"n":1,"n":`}, {`"n":`, `"N":1,"n":`}, {`"n":`, `"n":0`}, {`"n":`, `"n":-`}, {`"n":`, `"n":NaN,"x":`}, {`"n":`, `"n":null,"x":`}, {`"n":`, `"n":1e0,"x":`}, {`"n":`, `"n":1.0,"x":`},
		{`"sum_sq":"`, `"sum_sq":"+`}, {`"sum_sq":"`, `"sum_sq":"0`}, {`"sum_sq":"`, `"sum_sq":"0x`}, {`"sum_sq":"`, `"sum_sq":" `},
		{`"public":{`, `"public":{"x":1,`}, {`"public":{`, `"public":{}, "public":{`}, {`{"format"`, `{"commitment":null,"format"`}, {`{"format"`, ` {"format"`}, {`}}`, `}} `}, {`}}`, `}}{}`},
	} {
		bad := strings.Replace(good, x[0], x[1], 1)
		if _, _, err := leaf.Read[leaf.Batch]([]byte(bad), translog.KindBatch); err == nil || bad == good {
			t.Errorf("taken: %s", bad)
		}
	}
	for _, template := range []string{`{"a":1,"a":1}`, `{"b":1,"a":1}`, `{"a":1.5}`, `{"a":1e3}`, `{ "a":1}`, `{"a":"\u0041"}`, `{"a":"\ud800"}`, strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)} {
		body := `{"format":"hashlease-leaf/1","kind":"job","public":{"created_ms":1,"template":` + template + `}}`
		if _, _, err := leaf.Read[leaf.Job]([]byte(body), translog.KindJob); err == nil {
			t.Errorf("taken: %s", body)
		}
	}
}
