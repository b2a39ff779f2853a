package lease

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Why a worker may not log in as a rig, to be tested with errors.Is.
var (
	ErrRigOwner = errors.New("the rig is another owner's")
	ErrRigToken = errors.New("wrong token")
	ErrRigOff   = errors.New("the rig is switched off")
)

// RigLogin is who a worker says it is.
type RigLogin struct {
	Tenant string // as it was named before the rig; empty when none was
	Rig    string
	Token  string
}

// Limits of what a worker sends to log in, in bytes.
const (
	MaxRigUser     = 32 + 1 + 32 // tenant, dot, rig
	MaxRigPassword = 255
)

var loginName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,31}$`)

// ParseRigLogin reads mining.authorize: the user is RIG or OWNER.RIG, where
// the owner is a tenant or the house, and the password has the token, perhaps
// with options beside it (SplitPassword). Capital letters are taken as small
// ones, for telephones begin every word with one.
func ParseRigLogin(user, password string) (RigLogin, error) {
	if len(user) > MaxRigUser {
		return RigLogin{}, fmt.Errorf("user name of %d bytes: want RIG or TENANT.RIG, at most %d", len(user), MaxRigUser)
	}
	owner, rig, dotted := strings.Cut(user, ".")
	if !dotted {
		owner, rig = "", owner
	}
	if dotted && !loginName.MatchString(owner) || !loginName.MatchString(rig) {
		return RigLogin{}, fmt.Errorf("user name %q: want RIG or TENANT.RIG, of a-z, 0-9 and -", user)
	}
	token, _ := SplitPassword(password)
	return RigLogin{Tenant: strings.ToLower(owner), Rig: strings.ToLower(rig), Token: token}, nil
}

// Admit checks that a login is the rig's own and that the rig is switched on:
// ErrRigOwner, ErrRigToken or ErrRigOff, in this order, so that only who knows
// the token learns the state.
func (r *Rig) Admit(l *RigLogin) error {
	switch {
	case l.Rig != r.Name:
		return fmt.Errorf("rig %q: %w", l.Rig, ErrNotFound)
	case l.Tenant != "" && l.Tenant != r.Owner():
		return fmt.Errorf("rig %s of %s: %w", l.Rig, l.Tenant, ErrRigOwner)
	case !r.Token.Matches(l.Token):
		return fmt.Errorf("rig %s: %w", r.Name, ErrRigToken)
	case r.State() != RigEnabled:
		return fmt.Errorf("rig %s is %s: %w", r.Name, r.State(), ErrRigOff)
	}
	return nil
}

// Keeps reports whether a worker that logged in when the rig was as in was
// may go on: the rig is still switched on, and its token the same.
func (r *Rig) Keeps(was *Rig) bool {
	return r.Name == was.Name && r.Tenant == was.Tenant && r.Token == was.Token && r.State() == RigEnabled
}

// PasswordOption is one NAME=VALUE of a password, such as d=1024.
type PasswordOption struct{ Name, Value string }

// SplitPassword takes a worker's password apart. Its parts are separated by
// commas, semicolons, ampersands or white space. A part with an equals sign after its
// first character is an option, its name in small letters; options stay in
// order, even when one comes twice. The first other part is the token, empty
// when there is none, and any further ones are ignored. A password of more
// than MaxRigPassword bytes has neither.
//
// Examples: "TOKEN", "TOKEN,d=1024", "d=1024", "x,d=1024,fd=512".
func SplitPassword(password string) (token string, options []PasswordOption) {
	if len(password) > MaxRigPassword {
		return "", nil
	}
	separator := func(r rune) bool { return r == ',' || r == ';' || r == '&' || unicode.IsSpace(r) }
	for part := range strings.FieldsFuncSeq(password, separator) {
		name, value, ok := strings.Cut(part, "=")
		switch {
		case ok && name != "":
			options = append(options, PasswordOption{lower(name), value})
		case token == "":
			token = part
		}
	}
	return token, options
}

// lower makes the letters A to Z small and leaves every other byte.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
