package lease

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

func TestCanonicalize(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"literals", `[null, true , false]`, `[null,true,false]`},
		{"escapes of RFC 8785 3.2.2", `"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"`, `"€$\u000f\nA'B\"\\\\\"/"`},
		{"all short escapes", `"\b\f\n\r\t\u0000\u001f\u007f"`, "\"\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\""},
		{
			"sorting of RFC 8785 3.2.3",
			`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`,
			"{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}",
		},
		{"nested of RFC 8785", `{"1": {"f": {"f": "hi","F": 5} ,"\n": 56},"10": { },"": "empty","a": { },"111": [ {"e": "yes","E": "no" } ],"A": { }}`,
			`{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}`},
		{"numbers", `[0,-0,1,-1,9007199254740992,-9007199254740992]`, `[0,0,1,-1,9007199254740992,-9007199254740992]`},
		{"html is not special", `"\u003cscript\u003e&"`, `"<script>&"`},
		{"empty", ` [ ] `, `[]`},
	}
	for _, tt := range tests {
		got, err := Canonicalize([]byte(tt.in))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v\nwant %s", tt.name, got, err, tt.want)
		}
	}
}

func TestCanonicalizeRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", ``, "unexpected end"},
		{"two values", `1 2`, "after top-level value"},
		{"trailing comma", `[1,]`, "invalid character"},
		{"fraction", `[1.5]`, "want an integer"},
		{"fraction of zero", `[1.0]`, "want an integer"},
		{"exponent", `[1e3]`, "want an integer"},
		{"above 2^53", `[9007199254740993]`, "want an integer"},
		{"below -2^53", `[-9007199254740993]`, "want an integer"},
		{"duplicate key", `{"a":1,"b":2,"a":1}`, `key "a" twice`},
		{"duplicate key by escape", `{"a":1,"\u0061":2}`, `key "a" twice`},
		{"duplicate key within", `[{"x":{"a":1,"a":1}}]`, `key "a" twice`},
		{"lone surrogate", `"\ud83d"`, "surrogate"},
		{"lone low surrogate", `"\ude00x"`, "surrogate"},
		{"broken UTF-8", "\"a\xffb\"", "broken UTF-8"},
		{"broken key", "{\"\xc0\":1}", "broken UTF-8"},
		{"replacement character", `"\ufffd"`, "U+FFFD"},
		{"too deep", strings.Repeat("[", 65) + strings.Repeat("]", 65), "nested deeper"},
	}
	for _, tt := range tests {
		got, err := Canonicalize([]byte(tt.in))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %s, %v, want an error with %q", tt.name, got, err, tt.want)
		}
	}
	if _, err := Canonicalize([]byte(strings.Repeat("[", 64) + strings.Repeat("]", 64))); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

// A Go string that is not UTF-8 must not be signed as something else.
func TestCanonicalRefusesBrokenStrings(t *testing.T) {
	if b, err := Canonical(map[string]string{"text": "a\xffb"}); err == nil {
		t.Errorf("wrote %s", b)
	}
	if _, err := Canonical(func() {}); err == nil {
		t.Error("a function has no JSON")
	}
}

func FuzzCanonicalize(f *testing.F) {
	for _, s := range []string{`{"b":[1,2,{"a":null}],"a":"\ud83d\ude00"}`, `"\u000f"`, `[]`, `-0`, `{"a":1,"a":2}`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := Canonicalize(in)
		if err != nil {
			return
		}
		again, err := Canonicalize(out)
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q → %q → %q, %v", in, out, again, err)
		}
		// The same value to another reader, -0 aside.
		var x, y any
		if json.Unmarshal(in, &x) != nil || json.Unmarshal(out, &y) != nil {
			t.Fatalf("%q → %q: accepted what encoding/json does not read", in, out)
		}
		p, _ := json.Marshal(x)
		q, _ := json.Marshal(y)
		if !bytes.Equal(bytes.ReplaceAll(p, []byte("-0"), []byte("0")), bytes.ReplaceAll(q, []byte("-0"), []byte("0"))) {
			t.Fatalf("%q reads as %s, its canonical form %q as %s", in, p, out, q)
		}
	})
}

func TestQuantity(t *testing.T) {
	tests := []struct {
		work string
		json string
	}{
		{"0", "0"},
		{"1", "1"},
		{"9007199254740992", "9007199254740992"},
		{"9007199254740993", `"9007199254740993"`},
		{"18446744073709551616", `"18446744073709551616"`},
		{"340282366920938463463374607431768211455", `"340282366920938463463374607431768211455"`},
	}
	for _, tt := range tests {
		w, err := miner.ParseWork(tt.work)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(Quantity(w))
		if err != nil || string(b) != tt.json {
			t.Errorf("quantity %s is written %s, %v, want %s", tt.work, b, err, tt.json)
		}
		var q Quantity
		if err := json.Unmarshal([]byte(tt.json), &q); err != nil || q.Work() != w {
			t.Errorf("%s reads as %v, %v", tt.json, q.Work(), err)
		}
	}
	for _, bad := range []string{
		`"1"`, `"9007199254740992"`, `9007199254740993`, `-1`, `1.5`, `1e3`, `null`, `"x"`, `""`, `true`, `[]`,
		`"09007199254740993"`, `"340282366920938463463374607431768211456"`, `"\u0039007199254740993"`,
	} {
		var q Quantity
		if err := json.Unmarshal([]byte(bad), &q); err == nil {
			t.Errorf("%s reads as %v, want an error", bad, q.Work())
		}
	}
}

func TestQuantityRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := miner.Work{Hi: rapid.Uint64().Draw(t, "hi"), Lo: rapid.Uint64().Draw(t, "lo")}
		b, err := Canonical(Quantity(w))
		if err != nil {
			t.Fatal(err)
		}
		var q Quantity
		if err := json.Unmarshal(b, &q); err != nil || q.Work() != w {
			t.Fatalf("%v → %s → %v, %v", w, b, q.Work(), err)
		}
	})
}

func FuzzQuantity(f *testing.F) {
	for _, s := range []string{`0`, `9007199254740993`, `"9007199254740993"`, `"340282366920938463463374607431768211455"`, `null`, "`1`"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var q Quantity
		if q.UnmarshalJSON(in) != nil {
			return
		}
		if out, err := q.MarshalJSON(); err != nil || !bytes.Equal(out, in) {
			t.Fatalf("%q reads as %v, which is written %q, %v", in, q.Work(), out, err)
		}
	})
}
