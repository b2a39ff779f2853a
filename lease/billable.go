package lease

import (
	"fmt"

	"github.com/hashlease/hashlease/miner"
)

// hoursPerDay is the hours of a UTC day.
const hoursPerDay = 24

// Billable adds up the work that a leased lease is charged for: on each UTC day
// what was proven, at most what was contracted. Within a day more in one hour
// makes up for less in another; beyond that over-delivery is free. Its zero
// value is a lease of which no hour has passed.
type Billable struct {
	Next       int64    `json:"next"`       // the first hour that may be added, since 1970 UTC
	Proven     Quantity `json:"proven"`     // work of the running day
	Contracted Quantity `json:"contracted"` // work of the running day
	Before     Quantity `json:"before"`     // billable work of the days before
}

// Add takes in an hour, counted from 1970 UTC. Hours are added in order, and
// those in which nothing was proven and nothing contracted may be left out.
func (b *Billable) Add(hour int64, proven, contracted miner.Work) error {
	if hour < b.Next {
		return fmt.Errorf("hour %d cannot be added any more: the next is %d or later", hour, b.Next)
	}
	if b.Next > 0 && hour/hoursPerDay != (b.Next-1)/hoursPerDay {
		b.Before = Quantity(b.Total())
		b.Proven, b.Contracted = Quantity{}, Quantity{}
	}
	b.Next = hour + 1
	b.Proven = Quantity(b.Proven.Work().Add(proven))
	b.Contracted = Quantity(b.Contracted.Work().Add(contracted))
	return nil
}

// Total is the billable work so far, that of the running day included. It never
// falls.
func (b *Billable) Total() miner.Work {
	return b.Before.Work().Add(smaller(b.Proven.Work(), b.Contracted.Work()))
}
