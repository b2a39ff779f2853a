package lease

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

const goodToken = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func sampleRig(t *testing.T) Rig {
	t.Helper()
	token, err := NewTokenHash([16]byte{1}, goodToken)
	if err != nil {
		t.Fatal(err)
	}
	return Rig{Name: "bitaxe-1", Tenant: "bob", Token: token, CreatedMs: 1000}
}

func TestRigValidate(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Rig)
		want   string // in the error; empty when valid
	}{
		"good":               {func(*Rig) {}, ""},
		"of the house":       {func(r *Rig) { r.Tenant = "" }, ""},
		"everything":         {func(r *Rig) { r.RatedHps, r.RatedMilliJTH, r.Note = MaxContractedHps, MaxRatedMilliJTH, "rack é 7" }, ""},
		"short name":         {func(r *Rig) { r.Name = "7" }, ""},
		"long name":          {func(r *Rig) { r.Name = strings.Repeat("a", 32) }, ""},
		"almost a thread":    {func(r *Rig) { r.Name = "cpu0a" }, ""},
		"no name":            {func(r *Rig) { r.Name = "" }, "1 to 32 characters"},
		"too long a name":    {func(r *Rig) { r.Name = strings.Repeat("a", 33) }, "1 to 32 characters"},
		"dotted":             {func(r *Rig) { r.Name = "bob.1" }, "1 to 32 characters"},
		"a thread's":         {func(r *Rig) { r.Name = "cpu17" }, "node's threads"},
		"the house":          {func(r *Rig) { r.Name = House }, "meaning of its own"},
		"unknown":            {func(r *Rig) { r.Name = UnknownRig }, "meaning of its own"},
		"owned by the house": {func(r *Rig) { r.Tenant = House }, "have no tenant"},
		"odd tenant":         {func(r *Rig) { r.Tenant = "Bob" }, "no tenant can be called"},
		"no token":           {func(r *Rig) { r.Token = TokenHash{} }, "no token"},
		"absurd rate":        {func(r *Rig) { r.RatedHps = MaxContractedHps + 1 }, "above the limit"},
		"absurd power":       {func(r *Rig) { r.RatedMilliJTH = MaxRatedMilliJTH + 1 }, "above the limit"},
		"long note":          {func(r *Rig) { r.Note = strings.Repeat("n", MaxRigNote+1) }, "at most 200"},
		"note of two lines":  {func(r *Rig) { r.Note = "a\nb" }, "one line"},
		"escape in a note":   {func(r *Rig) { r.Note = "a\x1b[2J" }, "one line"},
		"broken note":        {func(r *Rig) { r.Note = "a\xff" }, "one line"},
	} {
		r := sampleRig(t)
		tt.change(&r)
		err := r.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestRigState(t *testing.T) {
	for _, tt := range []struct {
		disabled, removed int64
		want              RigState
	}{{0, 0, RigEnabled}, {5, 0, RigDisabled}, {0, 5, RigRemoved}, {5, 6, RigRemoved}} {
		r := Rig{DisabledMs: tt.disabled, RemovedMs: tt.removed}
		if got := r.State(); got != tt.want {
			t.Errorf("%+v is %s, want %s", tt, got, tt.want)
		}
	}
}

func TestToken(t *testing.T) {
	h, err := NewTokenHash([16]byte{0: 1, 15: 2}, strings.ToLower(goodToken))
	if err != nil {
		t.Fatal(err)
	}
	// It is stored: it must never change for the same token.
	salt, _ := hex.DecodeString("01000000000000000000000000000002")
	if want := sha256.Sum256([]byte("hashlease rig token v1" + string(salt) + goodToken)); h.Sum != want {
		t.Errorf("hash %x, want %x", h.Sum, want)
	}
	for _, good := range []string{goodToken, strings.ToLower(goodToken), "aB" + goodToken[2:]} {
		if !h.Matches(good) {
			t.Errorf("%q does not match", good)
		}
	}
	for _, bad := range []string{"", "x", goodToken[1:], goodToken + "A", " " + goodToken, "B" + goodToken[1:], goodToken[:25] + "ſ"} {
		if h.Matches(bad) {
			t.Errorf("%q matches", bad)
		}
	}
	if zero := (TokenHash{}); zero.Matches(goodToken) || zero.Matches("") {
		t.Error("no token matches one")
	}
	for _, chosen := range []string{"", "x", "hunter2", "correct horse battery stapl", goodToken[:25] + "1", goodToken[:24] + "ſ"} {
		if _, err := NewTokenHash([16]byte{}, chosen); err == nil || chosen != "" && strings.Contains(err.Error(), chosen) {
			t.Errorf("%q: %v, want a refusal that does not repeat it", chosen, err)
		}
	}
}

func TestParseRigLogin(t *testing.T) {
	long := strings.Repeat("t", 32)
	for _, tt := range []struct {
		user, password string
		want           RigLogin
		bad            bool
	}{
		{user: "rig", password: "x", want: RigLogin{"", "rig", "x"}},
		{user: "bob.rig", password: "T,d=5", want: RigLogin{"bob", "rig", "T"}},
		{user: "House.Rig-7", password: "d=5", want: RigLogin{"house", "rig-7", ""}},
		{user: long + "." + long, want: RigLogin{long, long, ""}},
		{user: long + "." + long + "t", bad: true},
		{user: "", bad: true},
		{user: ".rig", bad: true},
		{user: "bob.", bad: true},
		{user: "bob.rig.1", bad: true},
		{user: "bob rig", bad: true},
		{user: "-rig", bad: true},
		{user: "ri\u212a", bad: true}, // the sign of kelvin, whose small letter is a plain k
		{user: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", bad: true},
	} {
		got, err := ParseRigLogin(tt.user, tt.password)
		if (err != nil) != tt.bad || got != tt.want {
			t.Errorf("%q, %q: %+v, %v", tt.user, tt.password, got, err)
		}
	}
}

func TestRigAdmit(t *testing.T) {
	off := func(r *Rig) { r.DisabledMs = 5 }
	gone := func(r *Rig) { r.RemovedMs = 5 }
	ours := func(r *Rig) { r.Tenant = "" }
	for _, tt := range []struct {
		change      func(*Rig)
		user, token string
		want        error
	}{
		{nil, "bitaxe-1", goodToken, nil},
		{nil, "bob.bitaxe-1", goodToken, nil},
		{ours, "house.bitaxe-1", goodToken, nil},
		{ours, "bitaxe-1", strings.ToLower(goodToken), nil},
		{nil, "bitaxe-2", goodToken, ErrNotFound},
		{nil, "alice.bitaxe-1", goodToken, ErrRigOwner},
		{nil, "house.bitaxe-1", goodToken, ErrRigOwner},
		{ours, "bob.bitaxe-1", goodToken, ErrRigOwner},
		{nil, "bitaxe-1", "x", ErrRigToken},
		{nil, "bitaxe-1", "", ErrRigToken},
		{off, "bitaxe-1", goodToken, ErrRigOff},
		{off, "bitaxe-1", "x", ErrRigToken},
		{gone, "bitaxe-1", goodToken, ErrRigOff},
	} {
		r := sampleRig(t)
		if tt.change != nil {
			tt.change(&r)
		}
		l, err := ParseRigLogin(tt.user, tt.token)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Admit(&l)
		if !errors.Is(err, tt.want) || err != nil && strings.Contains(err.Error(), goodToken) {
			t.Errorf("%s with %q: %v, want %v", tt.user, tt.token, err, tt.want)
		}
	}
}

func TestKeeps(t *testing.T) {
	other, err := NewTokenHash([16]byte{2}, goodToken)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*Rig)
		want   bool
	}{
		"as it was":   {func(*Rig) {}, true},
		"a note":      {func(r *Rig) { r.Note, r.RatedHps = "n", 5 }, true},
		"disabled":    {func(r *Rig) { r.DisabledMs = 5 }, false},
		"removed":     {func(r *Rig) { r.RemovedMs = 5 }, false},
		"a new token": {func(r *Rig) { r.Token = other }, false},
	} {
		r := sampleRig(t)
		was := r
		tt.change(&r)
		if got := r.Keeps(&was); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSplitPassword(t *testing.T) {
	type options = []PasswordOption
	for _, tt := range []struct {
		password, token string
		options         options
	}{
		{"", "", nil},
		{"x", "x", nil},
		{goodToken, goodToken, nil},
		{"d=1024", "", options{{"d", "1024"}}},
		{"x,d=1024", "x", options{{"d", "1024"}}},
		{"d=1024," + goodToken + ",fd=5", goodToken, options{{"d", "1024"}, {"fd", "5"}}},
		{" t ; D=0.001 ,, ", "t", options{{"d", "0.001"}}},
		{"t d=5", "t", options{{"d", "5"}}},
		{"d=1,d=2", "", options{{"d", "1"}, {"d", "2"}}},
		{"d=,c=a=b", "", options{{"d", ""}, {"c", "a=b"}}},
		{"=5,y", "=5", nil},
		{"first,second", "first", nil},
		{strings.Repeat("x", MaxRigPassword), strings.Repeat("x", MaxRigPassword), nil},
		{strings.Repeat("x", MaxRigPassword) + "y", "", nil},
	} {
		token, got := SplitPassword(tt.password)
		if token != tt.token || !reflect.DeepEqual(got, tt.options) {
			t.Errorf("%q: %q and %q, want %q and %q", tt.password, token, got, tt.token, tt.options)
		}
	}
}

func TestRecentHps(t *testing.T) {
	const slot = RigSlotMs
	if got := RecentSlotMs(5*slot + 1); got != 4*slot {
		t.Errorf("recent from %d", got)
	}
	r := Rig{CreatedMs: 100}
	var m RigMeter
	if proven, lo, hi := m.RecentHps(&r, 5*slot); proven != 0 || lo != 0 || hi != 0 {
		t.Errorf("without receipts %d, %d–%d", proven, lo, hi)
	}
	m.Recent.AddN(miner.Hashes(slot/1000), 100)
	// Ten minutes since the slot before this one began.
	if proven, lo, hi := m.RecentHps(&r, 5*slot); proven != 100 || lo < 75 || lo > 90 || hi < 110 || hi > 125 {
		t.Errorf("%d, %d–%d H/s, want 100 and some twenty around", proven, lo, hi)
	}
	r.CreatedMs = 5*slot - slot/2
	if proven, _, _ := m.RecentHps(&r, 5*slot); proven != 200 {
		t.Errorf("%d H/s of a rig that is five minutes old, want 200", proven)
	}
	r.CreatedMs = 6 * slot // a clock that went back
	if proven, _, hi := m.RecentHps(&r, 5*slot); proven != 0 || hi != 0 {
		t.Errorf("%d H/s before its creation", proven)
	}
}

// What a rig's owner puts together comes apart the same way.
func TestSplitPasswordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9.:_-]{1,8}`)
		token := rapid.StringMatching(`[A-Z2-7]{26}`).Draw(t, "token")
		var want []PasswordOption
		parts := []string{token}
		for range rapid.IntRange(0, 5).Draw(t, "options") {
			o := PasswordOption{word.Draw(t, "name"), word.Draw(t, "value")}
			want = append(want, o)
			parts = append(parts, o.Name+"="+o.Value)
		}
		at := rapid.IntRange(0, len(want)).Draw(t, "place of the token")
		copy(parts, parts[1:at+1])
		parts[at] = token
		password := strings.Join(parts, rapid.SampledFrom([]string{",", ";", "&", " ", ", "}).Draw(t, "separator"))
		got, options := SplitPassword(password)
		if got != token || !reflect.DeepEqual(options, want) {
			t.Fatalf("%q: %q and %q", password, got, options)
		}
	})
}

func FuzzSplitPassword(f *testing.F) {
	for _, s := range []string{"", "x", goodToken, "x,d=1024", "d=1024;fd=2 t", "=,==,a=", "\u2003\xff,\x00=\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, password string) {
		token, options := SplitPassword(password)
		size := len(token)
		if strings.ContainsAny(token, ",;& \t\r\n") {
			t.Errorf("token %q", token)
		}
		for _, o := range options {
			if o.Name == "" || o.Name != lower(o.Name) || strings.ContainsAny(o.Name+o.Value, ",;& \t\r\n") || strings.Contains(o.Name, "=") {
				t.Errorf("option %q", o)
			}
			size += 2
		}
		if size > MaxRigPassword {
			t.Errorf("%d bytes out of %d", size, len(password))
		}
		// Taken apart once more, it is the same.
		parts := []string{}
		if token != "" {
			parts = append(parts, token)
		}
		for _, o := range options {
			parts = append(parts, o.Name+"="+o.Value)
		}
		again, more := SplitPassword(strings.Join(parts, ","))
		if len(strings.Join(parts, ",")) <= MaxRigPassword && (again != token || !reflect.DeepEqual(more, options)) {
			t.Errorf("%q: %q and %q, then %q and %q", password, token, options, again, more)
		}
		// And no login of such bytes panics or has an odd name.
		if l, err := ParseRigLogin(password, password); err == nil && !tenantID.MatchString(l.Rig) {
			t.Errorf("rig %q", l.Rig)
		}
	})
}
