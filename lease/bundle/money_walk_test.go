package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// tree is a JSON value with numbers as they are written.
func tree(tb testing.TB, text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		tb.Fatal(err)
	}
	return v
}

// change is another value in the place of one.
type change struct {
	path  string // with * for places in lists
	what  string
	value any // of the whole document
}

// changes are all documents that differ from v in one place: another number,
// another text, one more, one less, twice the same, another order.
func changes(path string, v any) []change {
	switch v := v.(type) {
	case json.Number:
		return slices.Concat(number(path, v, 1), number(path, v, -1))
	case string:
		return text(path, v)
	case bool:
		return []change{{path, "not", !v}}
	case []any:
		return list(path, v)
	case map[string]any:
		var all []change
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + key
			if strings.HasSuffix(path, ".verdicts") {
				at = path + ".*"
			}
			for _, c := range changes(at, v[key]) {
				m := maps.Clone(v)
				m[key] = c.value
				all = append(all, change{c.path, c.what, m})
			}
			m := maps.Clone(v)
			delete(m, key)
			all = append(all, change{at, "left out", m})
		}
		return all
	}
	panic(fmt.Sprintf("%s is %T", path, v))
}

func number(path string, n json.Number, by int64) []change {
	i, err := n.Int64()
	if err != nil {
		panic(err)
	}
	return []change{{path, fmt.Sprintf("%+d", by), json.Number(fmt.Sprint(i + by))}}
}

// text changes the last character, and adds one.
func text(path, s string) []change {
	all := []change{{path, "longer", s + "1"}, {path, "empty", ""}}
	if s == "" {
		return all[:1]
	}
	last := s[len(s)-1]
	other := byte('1')
	if last == '1' {
		other = '2'
	}
	return append(all, change{path, "other", s[:len(s)-1] + string(other)})
}

func list(path string, v []any) []change {
	var all []change
	for i := range v {
		for _, c := range changes(path+".*", v[i]) {
			l := slices.Clone(v)
			l[i] = c.value
			all = append(all, change{c.path, c.what, l})
		}
		all = append(all,
			change{path, "one less", slices.Delete(slices.Clone(v), i, i+1)},
			change{path, "one twice", slices.Insert(slices.Clone(v), i, v[i])})
		if i > 0 {
			l := slices.Clone(v)
			l[i], l[i-1] = l[i-1], l[i]
			if fmt.Sprint(l[i]) != fmt.Sprint(l[i-1]) {
				all = append(all, change{path, "other order", l})
			}
		}
	}
	return append(all, change{path, "null", nil})
}

// words are the fields of a statement that a provider may change without being
// caught: they are its word alone, within bounds.
func words() []string {
	return []string{
		`^\.energy\.fj`,                           // what the rigs' makers say
		`^\.pool\.counts\.`,                       // what the pool answered
		`^\.house_pool\.counts\.`,                 // likewise
		`^\.pool\.former\.\*\.until_ms`,           // when the tenant pointed elsewhere
		`^\.pool\.former (one less|one twice)`,    // former accounts that nothing was done for
		`^\.house_pool\.incomes\.\*\.(sat|work) `, // of the payment; the lease's part follows
		`^open \.(delivery\.counted_hashes|period\.(running_ms|to_ms)) [+-]1`, // of an hour that is not over
	}
}

// caught says by which check a changed statement is caught, "" if by none. The
// provider signs it, puts it into the log, and all that follows.
func caught(tb testing.TB, w *moneyWorld, document []byte) string {
	s, err := DecodeStatement(document)
	if err != nil {
		return "form"
	}
	c := w.copied()
	c.s = *s
	r := verify(tb, pack(tb, c.moneyProve()), Options{})
	for _, check := range r.Checks {
		if !check.OK {
			return check.Name
		}
	}
	return ""
}

// TestMoneyEveryField changes every field of a statement, one after the other. Of
// changes that are alike but for their places in lists only some are tried.
func TestMoneyEveryField(t *testing.T) {
	// Of leases like another one, what is not so.
	everyField(t, "tides", "", 1)
	everyField(t, "hosted", `^\.(energy|charges)`, 1)
	everyField(t, "own pool", `^\.pool`, 1)
	everyField(t, "house", `^\.house_pool`, 1)
	everyField(t, "direct", `^\.rewards`, 1)
	everyField(t, "exit", `^\.sla`, 1)
	everyField(t, "pps", `^\.hours.*earned`, 1)
	everyField(t, "virtual", `^\.hours.*due`, 1)
}

// everyField changes what is at the paths that match a pattern, of those alike at
// most so many, and if just one also by one change of a value.
func everyField(t *testing.T, name, pattern string, most int) {
	w := moneyBundle(t, moneyCases()[name])
	honest := must(w.s.Encode())
	if by := caught(t, w, honest); by != "" {
		t.Fatalf("%s: the honest statement is refused by %s", name, by)
	}
	all, tried, allowed := 0, make(map[string]int), make(map[string]bool)
	for _, c := range changes("", tree(t, honest)) {
		id := c.path + " " + c.what
		few := tried[id] == most || most == 1 && slices.Contains([]string{"-1", "longer", "empty"}, c.what)
		if few || !regexp.MustCompile(pattern).MatchString(c.path) {
			continue
		}
		tried[id]++
		document := must(lease.Canonical(c.value))
		if bytes.Equal(document, honest) {
			continue
		}
		all++
		if by := caught(t, w, document); by != "" {
			continue
		}
		if !slices.ContainsFunc(words(), func(p string) bool {
			return regexp.MustCompile(p).MatchString(id) || regexp.MustCompile(p).MatchString(name+" "+id)
		}) {
			t.Errorf("%s: %s, %s, is not caught", name, c.path, c.what)
			continue
		}
		allowed[id] = true
	}
	t.Logf("%s: %d changes, the provider's word are %q", name, all, slices.Sorted(maps.Keys(allowed)))
}
