package stratum

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
)

func TestParseNotifyRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"short prevhash":   {"0641dc7d", "41dc7d"},
		"no hex prevhash":  {"0641dc7d", "zz41dc7d"},
		"odd coinb1":       {`"0100`, `"100`},
		"number as coinb2": {`"0a636b`, `1,"0a636b`},
		"branch":           {"[]", `["00"]`},
		"branches":         {"[]", `[` + strings.Repeat(`"`+strings.Repeat("0", 64)+`",`, 32) + `"` + strings.Repeat("0", 64) + `"]`},
		"version":          {`"20400000"`, `"0x204000"`},
		"nbits zero":       {"1d00ffff", "00000000"},
		"nbits negative":   {"1d00ffff", "1d80ffff"},
		"ntime":            {`"6affdc7d"`, `1795153021`},
		"clean":            {",true", `,"yes"`},
		"missing":          {",true", ""},
		"empty job id":     {`"6affdc6900000003"`, `""`},
		"long job id":      {"6affdc6900000003", strings.Repeat("6", MaxJobIDLen+1)},
	} {
		bad := strings.Replace(vectorNotify, change[0], change[1], 1)
		if j, err := ParseNotify([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v; want ErrMalformed", name, j, err)
		}
	}
	if _, err := ParseNotify(nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("no parameters: %v", err)
	}
	more := strings.Replace(vectorNotify, ",true", `,1,"more"`, 1)
	if j, err := ParseNotify([]byte(more)); err != nil || !j.Clean {
		t.Errorf("further parameters, clean as a number: %v", err)
	}
}

func TestSubscription(t *testing.T) {
	for in, want := range map[string]Subscription{
		`[[["mining.set_difficulty","a"],["mining.notify","b"]],"6adcff6a",8]`: {"b", []byte{0x6a, 0xdc, 0xff, 0x6a}, 8},
		`[["mining.notify","b"],"",4]`:                                         {"b", nil, 4},
		`[[["mining.set_difficulty","a"]],"00","4"]`:                           {"a", []byte{0}, 4},
		`[null,"00",16,"more"]`:                                                {"", []byte{0}, 16},
		`[[[1,2],["x"]],"00",2]`:                                               {"", []byte{0}, 2},
	} {
		got, err := ParseSubscription([]byte(in))
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
		if again, err := ParseSubscription(AppendSubscription(nil, &want)); err != nil || !reflect.DeepEqual(*again, want) {
			t.Errorf("%+v comes back as %+v, %v", want, again, err)
		}
	}
	for _, bad := range []string{``, `null`, `true`, `[null,"00"]`, `[null,0,4]`, `[null,"0",4]`, `[null,"00",1]`, `[null,"00",17]`,
		`[null,"` + strings.Repeat("00", 33) + `",4]`, `[null,"00",null]`} {
		if s, err := ParseSubscription([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", bad, s, err)
		}
	}
	set := Subscription{Extranonce1: []byte{1, 2}, Extranonce2Size: 4}
	if got, err := ParseSetExtranonce(AppendSetExtranonce(nil, &set)); err != nil || !reflect.DeepEqual(*got, set) {
		t.Errorf("set_extranonce: %+v, %v", got, err)
	}
	if _, err := ParseSetExtranonce([]byte(`["00"]`)); !errors.Is(err, ErrMalformed) {
		t.Errorf("set_extranonce without size: %v", err)
	}
}

func TestSetDifficulty(t *testing.T) {
	for in, want := range map[string]string{
		`[1024]`: "1024", `[1024.0]`: "1024", `["1024"]`: "1024", `[0.001]`: "0.001", `[1e3, null]`: "1000", `["0.5"]`: "0.5",
		`[9007199254740993]`: "9007199254740993",
	} {
		d, err := ParseSetDifficulty([]byte(in))
		if err != nil || d.String() != want {
			t.Errorf("%s: %s, %v; want %s", in, d, err, want)
		}
		if got := string(AppendSetDifficulty(nil, d)); got != "["+want+"]" {
			t.Errorf("%s comes back as %s", want, got)
		}
	}
	for _, bad := range []string{``, `[]`, `[0]`, `[-1]`, `[null]`, `["x"]`, `[1e99]`, `{}`} {
		if d, err := ParseSetDifficulty([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %s, %v", bad, d, err)
		}
	}
}

func TestVersionMasks(t *testing.T) {
	for in, want := range map[string]uint32{
		`{"version-rolling":true,"version-rolling.mask":"1fffe000","minimum-difficulty":true}`: 0x1fffe000,
		`{"version-rolling":true,"version-rolling.mask":"c000"}`:                               0xc000,
		`{"version-rolling":false,"version-rolling.mask":"1fffe000"}`:                          0,
		`{"version-rolling":"not today"}`:                                                      0,
		`{"version-rolling":false,"version-rolling.mask":null}`:                                0,
		`{"version-rolling.mask":"","version-rolling":false}`:                                  0,
		`{}`: 0, `null`: 0, ``: 0, `true`: 0,
	} {
		if got, err := ParseConfigured([]byte(in)); got != want || err != nil {
			t.Errorf("ParseConfigured(%s) = %08x, %v; want %08x", in, got, err, want)
		}
	}
	if _, err := ParseConfigured([]byte(`{"version-rolling":true,"version-rolling.mask":"1fffe000f"}`)); !errors.Is(err, ErrMalformed) {
		t.Errorf("nine digits: %v", err)
	}
	for in, want := range map[string]uint32{
		string(AppendConfigure(nil, 0xe000)): 0xe000,
		`[["version-rolling"]]`:              VersionMask,
		`[["minimum-difficulty"],{}]`:        0,
	} {
		if got, err := ParseConfigure([]byte(in)); got != want || err != nil {
			t.Errorf("ParseConfigure(%s) = %08x, %v; want %08x", in, got, err, want)
		}
	}
	if got, err := ParseSetVersionMask(AppendSetVersionMask(nil, 0xe000)); got != 0xe000 || err != nil {
		t.Errorf("set_version_mask: %08x, %v", got, err)
	}
	for _, bad := range []string{``, `[]`, `[1]`, `["x"]`} {
		if _, err := ParseSetVersionMask([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("set_version_mask %s: %v", bad, err)
		}
	}
}

func TestReconnectParams(t *testing.T) {
	for in, want := range map[string]Redirect{
		``: {}, `[]`: {}, `null`: {}, `[null,null,null]`: {}, `["",0,0]`: {},
		`["a.example",3333,5]`:   {"a.example", 3333, 5},
		`["a.example","3333"]`:   {"a.example", 3333, 0},
		`["a.example",3333,"5"]`: {"a.example", 3333, 5},
	} {
		if got, err := ParseReconnect([]byte(in)); got != want || err != nil {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, bad := range []string{`{}`, `["a",70000]`, `["a",-1]`, `["a","x"]`, `["a",1,-1]`} {
		if r, err := ParseReconnect([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", bad, r, err)
		}
	}
}

func FuzzParseNotify(f *testing.F) {
	f.Add([]byte(vectorNotify))
	f.Add([]byte(strings.Replace(vectorNotify, "[]", `["`+strings.Repeat("ab", 32)+`"]`, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		j, err := ParseNotify(b)
		if err != nil {
			return
		}
		m, err := ParseMessage(trimSpace(bytes.TrimSuffix(AppendNotify(nil, j), []byte("\n"))))
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseNotify(m.Params)
		if err != nil || !reflect.DeepEqual(j, again) {
			t.Fatalf("%+v comes back as %+v, %v", j, again, err)
		}
	})
}

// FuzzParams gives any bytes to every other parser of parameters and results.
func FuzzParams(f *testing.F) {
	for _, s := range []string{vectorSubmit, `["u","j","00","00000000","00000000","1fffe000"]`, `[[["mining.notify","b"]],"00",4]`,
		`{"version-rolling":true,"version-rolling.mask":"1fffe000"}`, `["a.example","3333",5]`, `["1e3"]`, `[["version-rolling"],{}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Submit
		if err := s.Parse(b); err == nil {
			var again Submit
			if err := again.Parse(AppendSubmit(nil, &s)); err != nil || !reflect.DeepEqual(s, again) {
				t.Fatalf("%+v comes back as %+v, %v", s, again, err)
			}
		}
		if sub, err := ParseSubscription(b); err == nil {
			if again, err := ParseSubscription(AppendSubscription(nil, sub)); err != nil || !reflect.DeepEqual(sub, again) {
				t.Fatalf("%+v comes back as %+v, %v", sub, again, err)
			}
		}
		if d, err := ParseSetDifficulty(b); err == nil && d.PoolTarget() == (miner.Target{}) && d.Cmp(miner.DifficultyOne.Difficulty()) < 0 {
			t.Fatalf("difficulty %s has target zero", d)
		}
		_, _ = ParseSetExtranonce(b)
		_, _ = ParseSetVersionMask(b)
		_, _ = ParseConfigured(b)
		_, _ = ParseConfigure(b)
		_, _ = ParseReconnect(b)
	})
}
