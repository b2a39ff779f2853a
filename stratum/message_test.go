package stratum

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseMessage(t *testing.T) {
	m, err := ParseMessage([]byte(` {"params": ["a",{"b":[]}], "id" : "x\"1", "method":"mining.submit", "other":1e3} `))
	if err != nil {
		t.Fatal(err)
	}
	if string(m.ID) != `"x\"1"` || m.Method != MethodSubmit || string(m.Params) != `["a",{"b":[]}]` || m.IsReply() || m.IsNotification() {
		t.Errorf("%+v", m)
	}
	for line, want := range map[string]bool{
		`{"id":null,"method":"m","params":[]}`: true,
		`{"method":"m"}`:                       true,
		`{"id":0,"method":"m"}`:                false,
		`{"id":false,"method":"m"}`:            false,
		`{"id":1,"method":null,"result":true}`: false,
	} {
		m, err := ParseMessage([]byte(line))
		if err != nil || m.IsNotification() != want {
			t.Errorf("%s: notification %t, %v; want %t", line, m.IsNotification(), err, want)
		}
	}
	for _, bad := range []string{
		``, `[]`, `1`, `{`, `{}x`, "{}\x00", "{\"a\":[]\x00}", `{"id":[]}`, `{"id":{}}`, `{"method":1}`, `{"method":""}`, `{"a":01}`, `{"a":.5}`, `{"a":1.}`,
		`{"a":1e}`, `{"a":-}`, `{"a":tru}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, "{\"a\":\"\n\"}", `{"a":"`, `{"a":"\`, `{"a"}`, `{a:1}`, `{"a":1,}`,
		`{"a":[1,]}`, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, `{"method":"` + strings.Repeat("m", 65) + `"}`,
		`{"id":"` + strings.Repeat("1", 200) + `"}`, `{` + strings.Repeat(`"a":1,`, 50) + `"a":1}`,
	} {
		if m, err := ParseMessage([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("ParseMessage(%.60q) = %+v, %v; want ErrMalformed", bad, m, err)
		}
	}
}

func TestNumericID(t *testing.T) {
	for line, want := range map[string]uint64{`{"id":7}`: 7, `{"id":"8"}`: 8} {
		m, _ := ParseMessage([]byte(line))
		if id, ok := m.NumericID(); !ok || id != want {
			t.Errorf("%s: id %d, %t", line, id, ok)
		}
	}
	for _, line := range []string{`{"id":null}`, `{}`, `{"id":-1}`, `{"id":1.5}`, `{"id":"x"}`} {
		m, _ := ParseMessage([]byte(line))
		if id, ok := m.NumericID(); ok {
			t.Errorf("%s: id %d", line, id)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		reply  string
		reason string // "" accepted
		text   string
	}{
		{`{"result":true,"error":null}`, "", ""},
		{`{"result":true}`, "", ""},
		{`{"result":true,"error":false}`, "", ""},
		{`{"result":null,"error":[21,"Job not found",null]}`, "stale", "Job not found"},
		{`{"result":null,"error":["22","Duplicate share",null]}`, "duplicate", "Duplicate share"},
		{`{"result":false,"error":{"code":23,"message":"low"}}`, "low-difficulty", "low"},
		{`{"result":false,"error":{"what":1}}`, "other", `{"what":1}`},
		{`{"result":false,"error":"Stale share"}`, "stale", "Stale share"},
		{`{"result":false,"error":null,"reject-reason":"Above target"}`, "low-difficulty", "Above target"},
		{`{"result":false,"error":null}`, "other", "refused without a reason"},
		{`{"result":null,"error":null}`, "other", "refused without a reason"},
		{`{"error":24}`, "unauthorized", "24"},
		{`{"error":[25]}`, "not-subscribed", "25"},
		{`{"error":[]}`, "other", "[]"},
		{`{"error":[20,"Worker mismatch"]}`, "unauthorized", "Worker mismatch"},
		{`{"error":[-1,"Duplicate\u001b[31m\nshare",null]}`, "duplicate", "Duplicate [31m share"},
	} {
		m, err := ParseMessage([]byte(c.reply))
		if err != nil {
			t.Fatal(err)
		}
		e := m.Verdict()
		if c.reason == "" {
			if e != nil {
				t.Errorf("%s: %v, want accepted", c.reply, e)
			}
			continue
		}
		if e == nil || e.Reason() != c.reason || e.Message != c.text {
			t.Errorf("%s: %v, want %s %q", c.reply, e, c.reason, c.text)
		}
	}
}

func TestPrintable(t *testing.T) {
	if got := Printable("a\x1b[2J\u202eb\xffc\r\n", 100); got != "a [2J b c" {
		t.Errorf("%q", got)
	}
	if got := Printable("äöüß", 3); got != "äöü…" {
		t.Errorf("%q", got)
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 4000)
	in := "one\r\n\n \t\n" + long + "\n two \nthree\nrest"
	for name, r := range map[string]io.Reader{
		"at once": strings.NewReader(in), "by bytes": iotest.OneByteReader(strings.NewReader(in)),
		"with the end": iotest.DataErrReader(strings.NewReader(in)),
	} {
		lines := NewReader(r, 4001)
		for _, want := range []string{"one", long, "two", "three"} {
			if got, err := lines.ReadLine(); string(got) != want || err != nil {
				t.Fatalf("%s: %.20q, %v; want %.20q", name, got, err, want)
			}
		}
		if _, err := lines.ReadLine(); err != io.ErrUnexpectedEOF {
			t.Errorf("%s: %v at an unfinished line, want io.ErrUnexpectedEOF", name, err)
		}
	}
	if _, err := NewReader(strings.NewReader(long+"\n"), 4000).ReadLine(); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("%v for a line beyond the limit", err)
	}
	if _, err := NewReader(strings.NewReader("\n\n"), 0).ReadLine(); err != io.EOF {
		t.Errorf("%v at the end, want io.EOF", err)
	}
	r := NewReader(strings.NewReader("a\nb\nc"), 0)
	for _, want := range []bool{true, false} {
		_, _ = r.ReadLine()
		if r.Buffered() != want {
			t.Errorf("Buffered is %t", !want)
		}
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct{ got, want []byte }{
		{AppendRequest(nil, 4, MethodPing, []byte("[]")), []byte(`{"id":4,"method":"mining.ping","params":[]}` + "\n")},
		{AppendNotification(nil, MethodShowMessage, AppendStrings(nil, "a\"b\\\n<&>\xff")),
			[]byte(`{"id":null,"method":"client.show_message","params":["a\"b\\\u000a<&>` + "\uFFFD" + `"]}` + "\n")},
		{AppendReply(nil, []byte(`"x"`), "true"), []byte(`{"id":"x","result":true,"error":null}` + "\n")},
		{AppendRefusal(nil, nil, &Error{Code: 22, Message: "Duplicate"}), []byte(`{"id":null,"result":null,"error":[22,"Duplicate",null]}` + "\n")},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s, want %s", c.got, c.want)
		}
		if !json.Valid(c.got) {
			t.Errorf("%s is not JSON", c.got)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	line := []byte(`{"id":4,"method":"mining.submit","params":["user.worker","6affdc6900000003","0000000000000000","6affdc7d","7f717306"]}`)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := ParseMessage(line); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("ParseMessage allocates %v times", n)
	}
}

// FuzzReadMessage reads any bytes as lines and compares the verdict on each
// with encoding/json's.
func FuzzReadMessage(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"method":"mining.subscribe","params":["agent/1.0"]}`,
		`{"id":null,"method":"mining.notify","params":` + vectorNotify + `}`,
		`{"id":4,"result":true,"error":null}`,
		`{"id":4,"result":false,"error":null,"reject-reason":"Stale"}`,
		`{"id":"a","error":{"code":23,"message":"low"}}`,
		"{}\n\n{\"a\":-1.5e+3}\r\n[1]", `{"a":"\ud800\u0000"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(bytes.NewReader(b), 4096)
		for {
			line, err := r.ReadLine()
			if err != nil {
				return
			}
			m, err := ParseMessage(line)
			if valid := json.Valid(line); err == nil && !valid {
				t.Fatalf("%q is taken, but is not JSON", line)
			} else if err != nil {
				if valid && line[0] == '{' && errors.Is(err, errJSONSyntax) {
					t.Fatalf("%q is JSON, but: %v", line, err)
				}
				continue
			}
			m.NumericID()
			if e := m.Verdict(); e != nil && !json.Valid(AppendRefusal(nil, m.ID, e)) {
				t.Fatalf("refusal of %q is no JSON", line)
			}
		}
	})
}
