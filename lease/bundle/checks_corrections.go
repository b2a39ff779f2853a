package bundle

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// checkCorrections checks what is booked instead of a mistake where it takes from
// the tenant: that the mistake was booked and is taken back, and that the hour
// then costs no more than what was due for it. Corrections that give, or that
// move what came in, are the provider's word.
func (f *facts) checkCorrections() error {
	b := &f.s.Books
	byKey := make(map[string]*Line, len(b.Lines))
	for i := range b.Lines {
		l := &b.Lines[i]
		if byKey[l.Key] != nil {
			return fmt.Errorf("%s is booked twice", l.Key)
		}
		byKey[l.Key] = l
	}
	hours := make(map[string]*Hour, 2*len(f.s.Hours)) // by the keys of what is charged for them
	for i := range f.s.Hours {
		r := &f.s.Hours[i]
		ms := r.Hour * lease.MsPerHour
		hours[ledger.UsageKey(f.s.Lease, ms)], hours[ledger.PowerKey(f.s.Lease, ms)] = r, r
	}
	charged := make(map[*Hour]int64)
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.Kind != ledger.KindUsage && l.Kind != ledger.KindPower && l.Kind != ledger.KindExit {
			continue
		}
		base, _, _ := strings.Cut(l.Key, "#")
		hour := hours[base]
		if isCorrection(l) {
			if err := f.checkCorrection(l, base, hour, byKey); err != nil {
				return err
			}
		}
		if hour == nil || l.ReversedBy != nil {
			continue
		}
		if charged[hour] -= l.owed(ledger.Prepaid(f.s.Tenant)); charged[hour] > hour.DueSat {
			return fmt.Errorf("%s: with it %d sat are charged for hour %d, of %d that are due", l.Key, charged[hour], hour.Hour, hour.DueSat)
		}
	}
	return nil
}

// checkCorrection checks one line that is right instead of another one.
func (f *facts) checkCorrection(l *Line, base string, hour *Hour, byKey map[string]*Line) error {
	if base != ledger.ExitKey(f.s.Lease) && !strings.HasPrefix(base, l.Kind+":"+f.s.Lease+":") {
		return fmt.Errorf("%s is of another lease", l.Key)
	}
	n, err := strconv.Atoi(l.Key[len(base)+1:])
	if err != nil || n < 2 || l.Key != fmt.Sprintf("%s#%d", base, n) {
		return fmt.Errorf("%.100s is no key of a correction", l.Key)
	}
	before := base
	if n > 2 {
		before = fmt.Sprintf("%s#%d", base, n-1)
	}
	was := byKey[before]
	switch {
	case was == nil && f.s.Books.FirstLine > 0 && hour == nil:
		return nil // it was booked before the period
	case was == nil:
		return fmt.Errorf("%s is said to correct %s, which is not booked", l.Key, before)
	case was.ReversedBy == nil:
		return fmt.Errorf("%s is said to correct %s, which is not taken back", l.Key, before)
	}
	prepaid := ledger.Prepaid(f.s.Tenant)
	if l.Kind == ledger.KindExit && -l.owed(prepaid) > -was.owed(prepaid) {
		return fmt.Errorf("%s takes more than %s, which it corrects", l.Key, before)
	}
	return nil
}
