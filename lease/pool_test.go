package lease

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

func TestPoolValidate(t *testing.T) {
	good := Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "acme.w1", Password: "x"}
	tests := []struct {
		name   string
		change func(*Pool)
		want   string // in the error; empty when valid
	}{
		{"good", func(*Pool) {}, ""},
		{"five addresses", func(p *Pool) { p.URLs = []string{"a:1", "a:2", "a:3", "a:4", "[2001:db8::1]:5"} }, ""},
		{"path and query", func(p *Pool) { p.URLs[0] = "wss://a.example.com/x@y?z=@" }, ""},
		{"longest", func(p *Pool) {
			p.URLs[0] = strings.Repeat("a", MaxPoolURL)
			p.User, p.Password = strings.Repeat("~", MaxPoolUser), strings.Repeat(" ", MaxPoolPassword)
		}, ""},
		{"no password", func(p *Pool) { p.Password = "" }, ""},
		{"odd password", func(p *Pool) { p.Password = `d=1024, "\'` }, ""},

		{"no address", func(p *Pool) { p.URLs = nil }, "0 addresses: want 1 to 5"},
		{"six addresses", func(p *Pool) { p.URLs = make([]string, 6) }, "6 addresses"},
		{"empty address", func(p *Pool) { p.URLs[0] = "" }, "want 1 to 255"},
		{"long address", func(p *Pool) { p.URLs[0] = strings.Repeat("a", MaxPoolURL+1) }, "256 bytes"},
		{"twice", func(p *Pool) { p.URLs = append(p.URLs, p.URLs[0]) }, "given twice"},
		{"line break", func(p *Pool) { p.URLs[0] = "a:1\r\n" }, `"a:1\r\n"`},
		{"escape sequence", func(p *Pool) { p.URLs[0] = "\x1b[2Ja:1" }, "cannot be in an address"},
		{"user in the address", func(p *Pool) { p.URLs[0] = "stratum+tcp://u:secret@a:1" }, "address 1 holds a user name"},
		{"user without a scheme", func(p *Pool) { p.URLs = append(p.URLs, "u:secret@a:1") }, "address 2 holds a user name"},

		{"no user", func(p *Pool) { p.User = "" }, "without a user"},
		{"long user", func(p *Pool) { p.User = strings.Repeat("u", MaxPoolUser+1) }, "129 bytes"},
		{"space", func(p *Pool) { p.User = "a b" }, "without spaces"},
		{"quote", func(p *Pool) { p.User = `a"b` }, "quotes"},
		{"single quote", func(p *Pool) { p.User = `a'b` }, "quotes"},
		{"backslash", func(p *Pool) { p.User = `a\b` }, "backslashes"},
		{"control character", func(p *Pool) { p.User = "a\x00" }, "printable ASCII"},
		{"not ASCII", func(p *Pool) { p.User = "é" }, "printable ASCII"},
		{"long password", func(p *Pool) { p.Password = strings.Repeat("secret", 22) }, "password at the pool of 132 bytes"},
		{"password of two lines", func(p *Pool) { p.Password = "secret\n" }, "password at the pool: want"},
	}
	for _, tt := range tests {
		p := good
		p.URLs = slices.Clone(good.URLs)
		tt.change(&p)
		// By way of the lease, which must ask.
		l := Lease{Model: Leased, ContractedHps: 1, ProofMs: DefaultProofMs, Pool: &p}
		err := l.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the password: %v", tt.name, err)
		}
	}
}

// However a pool is printed, its password is not.
func TestPoolHidesItsPassword(t *testing.T) {
	p := Pool{URLs: []string{"a:1", "b:2"}, User: "u", Password: "secret"}
	if got := p.String(); got != "u at a:1, b:2" {
		t.Errorf("pool %s", got)
	}
	l := Lease{Pool: &p}
	doc, err := json.Marshal(&l)
	if err != nil || !strings.Contains(string(doc), `"urls":["a:1","b:2"],"user":"u"`) {
		t.Errorf("%s, %v", doc, err)
	}
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v %s", p, p, p, p), fmt.Sprintf("%v %+v %#v %s", &p, &p, &p, &p),
		fmt.Sprintf("%v %+v %#v", l, &l, []Pool{p}), string(doc),
	} {
		if strings.Contains(text, "secret") {
			t.Errorf("printed as %s", text)
		}
	}
}

func drawUpstream(t *rapid.T) Upstream {
	var u Upstream
	u.Accepted = rapid.Uint64Range(0, 100).Draw(t, "accepted")
	u.Rejected = rapid.Uint64Range(0, 100).Draw(t, "rejected")
	u.Stale = rapid.Uint64Range(0, 100).Draw(t, "stale")
	u.Sent = u.Accepted + u.Rejected + u.Stale + rapid.Uint64Range(0, 100).Draw(t, "lost")
	u.AcceptedWork = miner.Hashes(rapid.Uint64().Draw(t, "accepted work"))
	u.SentWork = u.AcceptedWork.Add(miner.Hashes(rapid.Uint64().Draw(t, "other work")))
	return u
}

func TestUpstreamAdds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawUpstream(t), drawUpstream(t)
		sum, back := a, b
		sum.Add(b)
		back.Add(a)
		if sum != back || sum.Lost() != a.Lost()+b.Lost() || sum.SentWork != a.SentWork.Add(b.SentWork) {
			t.Fatalf("%+v and %+v sum up to %+v or %+v", a, b, sum, back)
		}
		if err := sum.Validate(); err != nil {
			t.Fatalf("valid ones sum up to %+v: %v", sum, err)
		}
		sum.Sent -= sum.Lost() + 1
		if sum.Validate() == nil {
			t.Fatalf("more verdicts than shares: %+v", sum)
		}
	})
	for _, u := range []Upstream{
		{Sent: math.MaxInt32 + 1},
		{Sent: 2, Accepted: math.MaxUint64, Rejected: 2},
		{Sent: 1, SentWork: miner.Hashes(1), Accepted: 1, AcceptedWork: miner.Hashes(2)},
	} {
		if u.Validate() == nil {
			t.Errorf("valid: %+v", u)
		}
	}
}
