package lease

import (
	"fmt"
	"time"
)

// Model says what a tenant gets and is charged for.
type Model string

// The contract models of cloud mining.
const (
	Leased        Model = "leased"         // a hash rate, on any source
	Hosted        Model = "hosted"         // the tenant's own rigs, run by the provider
	VirtualHosted Model = "virtual-hosted" // a dedicated slice of a machine
)

// State is where a lease stands at some moment.
type State string

// States of a lease.
const (
	Scheduled State = "scheduled" // starts later
	Active    State = "active"
	Paused    State = "paused" // by somebody, for a while
	Ended     State = "ended"  // its term is over
	Closed    State = "closed" // closed before its term was over
)

// Lease is one contract.
type Lease struct {
	ID            string // L-0001 …, given by the Store
	Tenant        string // tenant ID
	Model         Model
	ContractedHps uint64 // hashes per second
	StartMs       int64  // Unix milliseconds
	EndMs         int64  // Unix milliseconds; 0 = open-ended
	ClosedMs      int64  // Unix milliseconds; 0 = not closed
	ProofMs       int64  // milliseconds of contracted hashing per expected receipt
	Nonce         [16]byte
	Provider      [32]byte // the provider's key in its tag
	Terms         TermsHash
	Tag           Tag
	Pool          *Pool    // nil: the house's own templates, whose rewards are shared by the Terms
	Pauses        []Pause  // in the order they began
	Rigs          []string // of a hosted lease: the tenant's machines, by name, sorted; they work for nothing else
	Cores         []int    // of a virtual-hosted lease: the numbers of the processors that are the tenant's alone, sorted
	Orders        int64    // number of the tenant's last order that was carried out
}

// Bounds of a lease's fields.
const (
	MaxContractedHps = 1_000_000_000_000_000_000 // 1 EH/s
	MinProofMs       = 100
	MaxProofMs       = 10 * 60 * 1000
	DefaultProofMs   = 5000
	MaxLeaseRigs     = 1000
	MaxLeaseCores    = 1024
)

// Validate checks the terms of one lease by themselves; whether the node can
// carry it is admission's question.
func (l *Lease) Validate() error {
	if err := l.validateModel(); err != nil {
		return err
	}
	if l.ContractedHps == 0 {
		return fmt.Errorf("contracted rate is zero: name a rate, such as 5MH")
	}
	if l.ContractedHps > MaxContractedHps {
		return fmt.Errorf("contracted rate of %d H/s is above the limit of %d", l.ContractedHps, uint64(MaxContractedHps))
	}
	if l.EndMs != 0 && l.EndMs <= l.StartMs {
		return fmt.Errorf("the lease ends at %s, not after its start at %s", stamp(l.EndMs), stamp(l.StartMs))
	}
	if l.ProofMs < MinProofMs || l.ProofMs > MaxProofMs {
		return fmt.Errorf("proof interval of %d ms: want %d to %d", l.ProofMs, MinProofMs, MaxProofMs)
	}
	if l.Pool != nil {
		return l.Pool.Validate()
	}
	return nil
}

// validateModel checks that the lease has what its model needs and nothing
// else.
func (l *Lease) validateModel() error {
	switch l.Model {
	case Leased:
	case Hosted:
		if n := len(l.Rigs); n < 1 || n > MaxLeaseRigs {
			return fmt.Errorf("model %s with %d rigs: name 1 to %d rigs of the tenant's", l.Model, n, MaxLeaseRigs)
		}
	case VirtualHosted:
		if n := len(l.Cores); n < 1 || n > MaxLeaseCores {
			return fmt.Errorf("model %s with %d processors: name 1 to %d", l.Model, n, MaxLeaseCores)
		}
	default:
		return fmt.Errorf("unknown model %.30q: use %s, %s or %s", l.Model, Leased, Hosted, VirtualHosted)
	}
	if len(l.Rigs) > 0 && l.Model != Hosted {
		return fmt.Errorf("model %s has no rigs of its own: they are for %s", l.Model, Hosted)
	}
	if len(l.Cores) > 0 && l.Model != VirtualHosted {
		return fmt.Errorf("model %s has no processors of its own: they are for %s", l.Model, VirtualHosted)
	}
	for i, name := range l.Rigs {
		if i > 0 && name <= l.Rigs[i-1] {
			return fmt.Errorf("rig %.40s is named twice or not in order", name)
		}
	}
	for i, n := range l.Cores {
		switch {
		case n < 0:
			return fmt.Errorf("processor %d: they are counted from 0", n)
		case i > 0 && n <= l.Cores[i-1]:
			return fmt.Errorf("processor %d is named twice or not in order", n)
		}
	}
	return nil
}

// StateAt tells where the lease stands at a moment in Unix milliseconds.
func (l *Lease) StateAt(ms int64) State {
	switch {
	case l.ClosedMs != 0 && l.ClosedMs <= ms:
		return Closed
	case l.EndMs != 0 && l.EndMs <= ms:
		return Ended
	case ms < l.StartMs:
		return Scheduled
	case len(l.PausedAt(ms)) > 0:
		return Paused
	}
	return Active
}

// StopMs is the moment work ends, in Unix milliseconds, or 0 while none is
// set.
func (l *Lease) StopMs() int64 {
	if l.ClosedMs != 0 && (l.EndMs == 0 || l.ClosedMs < l.EndMs) {
		return l.ClosedMs
	}
	return l.EndMs
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
