package lease

import (
	"fmt"
	"regexp"
	"unicode"
	"unicode/utf8"

	"github.com/hashlease/hashlease/miner"
)

// Rig is a machine that logs in at the provider's Stratum server. Its name is
// the Source of its receipts, so it stays taken when the rig is removed.
type Rig struct {
	Name       string    // short name, unique at the provider: a-z, 0-9 and dashes
	Tenant     string    // its owner; empty: the provider, whose machine it is
	Token      TokenHash // of what it logs in with
	CreatedMs  int64     // Unix milliseconds
	DisabledMs int64     // Unix milliseconds; 0 = not disabled
	RemovedMs  int64     // Unix milliseconds; 0 = not removed
	Note       string    // the operator's, at most MaxRigNote bytes

	// What the maker says of it, 0 where nobody knows. It is never billed.
	RatedHps      uint64 // hashes per second
	RatedMilliJTH uint64 // millijoules per terahash: 17500 is 17.5 J/TH
}

// Bounds of a rig's fields.
const (
	MaxRigNote       = 200           // bytes
	MaxRatedMilliJTH = 1_000_000_000 // 1 MJ/TH, which is 1 µJ a hash: a slow CPU
)

// UnknownRig is the source of the shares of machines that nobody added, where
// the provider lets them work for the house. No rig has that name.
const UnknownRig = "unknown"

var threadName = regexp.MustCompile(`^cpu[0-9]+$`)

// CheckRigName says what is wrong with a name: it has the form of a tenant's,
// and those of the node's own sources are taken.
func CheckRigName(name string) error {
	switch {
	case !tenantID.MatchString(name):
		return fmt.Errorf("rig name %.40q: want 1 to 32 characters of a-z, 0-9 and -, not starting with -", name)
	case name == House || name == UnknownRig:
		return fmt.Errorf("rig name %q has a meaning of its own: choose another", name)
	case threadName.MatchString(name):
		return fmt.Errorf("rig name %q is that of one of the node's threads: choose another", name)
	}
	return nil
}

// Validate checks the rig's fields; whether its tenant exists is the Store's
// question.
func (r *Rig) Validate() error {
	if err := CheckRigName(r.Name); err != nil {
		return err
	}
	switch {
	case r.Tenant == House:
		return fmt.Errorf("rig %s: the house's own rigs have no tenant", r.Name)
	case r.Tenant != "" && !tenantID.MatchString(r.Tenant):
		return fmt.Errorf("rig %s: no tenant can be called %.40q", r.Name, r.Tenant)
	case r.Token.IsZero():
		return fmt.Errorf("rig %s has no token", r.Name)
	case r.RatedHps > MaxContractedHps:
		return fmt.Errorf("rig %s: rated at %d H/s, above the limit of %d", r.Name, r.RatedHps, uint64(MaxContractedHps))
	case r.RatedMilliJTH > MaxRatedMilliJTH:
		return fmt.Errorf("rig %s: rated at %d mJ/TH, above the limit of %d", r.Name, r.RatedMilliJTH, MaxRatedMilliJTH)
	case len(r.Note) > MaxRigNote:
		return fmt.Errorf("rig %s: note of %d bytes, at most %d", r.Name, len(r.Note), MaxRigNote)
	case !printable(r.Note):
		return fmt.Errorf("rig %s: the note %.40q is not one line of text", r.Name, r.Note)
	}
	return nil
}

// printable tells whether a text is one line without control characters, such
// as those that move a terminal's cursor.
func printable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// RigState says whether a rig may work.
type RigState string

// States of a rig.
const (
	RigEnabled  RigState = "enabled"
	RigDisabled RigState = "disabled" // until it is enabled again
	RigRemoved  RigState = "removed"  // for ever
)

// State tells where the rig stands.
func (r *Rig) State() RigState {
	switch {
	case r.RemovedMs != 0:
		return RigRemoved
	case r.DisabledMs != 0:
		return RigDisabled
	}
	return RigEnabled
}

// Owner is who the rig belongs to: its tenant, or House.
func (r *Rig) Owner() string {
	if r.Tenant == "" {
		return House
	}
	return r.Tenant
}

// RigMeter sums up what a rig delivered. Nobody but the rig counts its hashes,
// so Counted is zero.
type RigMeter struct {
	Meter
	Recent Evidence // of the receipts since a moment that was asked for
	LastMs int64    // of its last share, accepted or not, in Unix milliseconds; 0 = none came
}

// RigSlotMs is the fineness in which a Store keeps what rigs delivered when.
const RigSlotMs = 10 * 60 * 1000

// RecentRigMs is the moment from which the present rate of a rig is measured:
// the start of the slot before the one at nowMs, or the rig's creation if that
// came later. So it is of the last ten to twenty minutes.
func (r *Rig) RecentRigMs(nowMs int64) int64 { return max(RecentSlotMs(nowMs), r.CreatedMs) }

// RecentSlotMs is the start of the slot before the one at nowMs, in Unix
// milliseconds.
func RecentSlotMs(nowMs int64) int64 { return (nowMs/RigSlotMs - 1) * RigSlotMs }

// RecentHps is the rate that the recent receipts prove, with its 95 % interval
// rounded outward, in hashes per second. Without recent receipts all are zero:
// how much that may hide, their unknown target would have to say.
func (m *RigMeter) RecentHps(r *Rig, nowMs int64) (proven, lo, hi uint64) {
	if m.Recent.N == 0 {
		return 0, 0, 0
	}
	ms := nowMs - r.RecentRigMs(nowMs)
	from, to := m.Recent.Interval(miner.Work{})
	proven, _ = Rate(m.Recent.Sum, ms)
	lo, _ = Rate(from, ms)
	_, hi = Rate(to, ms)
	return proven, lo, hi
}
