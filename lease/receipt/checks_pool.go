package receipt

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// PoolFigures are a report's figures about a pool.
type PoolFigures struct {
	PoolReport                // the provider's word
	Due        uint64         `json:"due"`       // receipts that meet the pool's target
	DueWork    lease.Quantity `json:"due_work"`  // of the pool's target, of these
	ZMilli     int64          `json:"z_milli"`   // of the accepted work against the proven
	TagBytes   int            `json:"tag_bytes"` // of the tag in the coinbases, the fewest; 0: there are no jobs
}

// Bounds of the comparison with a pool's own figure, in thousandths of a
// standard deviation: what 19 of 20 honest figures stay within, and what only
// one in 30 000 does not.
const (
	insideMilli = 1960
	credibMilli = 4000
)

// fewShares is how many shares a pool must be due for none at all to be short
// by credibMilli.
const fewShares = 16

// wrongKind tells why a template is not of the kind that the lease works on.
func (v *verifier) wrongKind(t *Template) error {
	switch {
	case v.s.Pool == nil && t.Pool != nil && (v.s.HousePool == nil || !slices.Contains(v.s.HousePool.URLs, t.Pool.Address)):
		return fmt.Errorf("work for pool %.80q, but the lease's is for the house's own blocks", t.Pool.Address)
	case v.s.Pool != nil && t.Pool == nil:
		return errors.New("work on a block of the house, but the lease's is for a pool")
	case v.s.Pool != nil && !v.s.Pool.names(t.Pool.Address):
		return fmt.Errorf("work for pool %.80q, which is none of the lease's", t.Pool.Address)
	}
	return nil
}

// checkPool compares what the pool is said to have accepted with the receipts,
// and with the figure that the tenant has of the pool itself.
func (v *verifier) checkPool() {
	p := v.s.Pool
	if p == nil {
		if v.PoolWork != nil {
			v.report("pool-work", errors.New("the lease works for no pool"), "")
		}
		return
	}
	f := &PoolFigures{PoolReport: *p, ZMilli: *v.derived.PoolZMilli}
	v.r.Pool = f
	for i, n := range v.due {
		if n > 0 {
			w := miner.Target(v.b.Templates[v.b.Jobs[i].Template].Pool.Target).Work()
			f.Due += n
			f.DueWork = lease.Quantity(f.DueWork.Work().Add(w.Mul(n)))
		}
	}
	f.TagBytes, _ = v.tagRoom()
	v.report("upstream", v.checkUpstream(), "the provider says: sent %d shares, accepted %d, rejected %d, stale %d; accepted work %s of %s proven, z = %d/1000; %d receipts were good enough for the pool%s",
		p.Sent, p.Accepted, p.Rejected, p.Stale, p.AcceptedWork.Work(), v.r.ProvenWork.Work(), f.ZMilli, f.Due, v.upstreamNote())
	if v.PoolWork != nil {
		v.checkPoolWork(*v.PoolWork)
	}
}

// checkUpstream finds more work accepted than was done. Less may have many
// reasons, the pool's among them; the report says it.
func (v *verifier) checkUpstream() error {
	// What came too late for us may not have for the pool.
	mean := v.s.expectedWork()
	if v.ev.N > 0 {
		mean = divide(v.ev.Sum, v.ev.N)
	}
	done := v.ev.Sum.Add(mean.Mul(v.s.Stale))
	accepted := v.s.Pool.AcceptedWork.Work()
	if z := zMilli(accepted, done, v.unit); z >= failedMilli && beyondPercent(done, accepted) {
		return fmt.Errorf("work of %s accepted, but with %d stale shares only %s were done: %d.%03d standard deviations",
			accepted, v.s.Stale, done, z/1000, z%1000)
	}
	return nil
}

// upstreamNote says what is odd, but no proof of anything.
func (v *verifier) upstreamNote() string {
	p, f := v.s.Pool, v.r.Pool
	missing := f.Due - min(p.Sent, f.Due)
	switch {
	case missing > 2 && missing > f.Due/100:
		return fmt.Sprintf("; NOTE: %d of them were not sent: ask why", missing)
	case f.ZMilli <= -notedMilli:
		return "; NOTE: the pool took less than was proven: ask why"
	}
	return ""
}

// checkPoolWork holds the pool's own figure against what the provider reports
// of it, which counts the same shares, and against the receipts.
func (v *verifier) checkPoolWork(credited miner.Work) {
	p := v.s.Pool
	accepted, proven := p.AcceptedWork.Work(), v.ev.Sum
	share := v.b.poolShare(v.ev.N, v.perJob)
	if v.ev.N == 0 && p.Sent > 0 {
		share.SetInt(divide(p.SentWork.Work(), p.Sent).Big())
	}
	zReported, zProven := zMilli(credited, accepted, share), zMilli(credited, proven, v.unit)
	// What the pool refused, or lost, it is not expected to credit.
	refused := p.SentWork.Work().Sub(accepted)
	zRest := zMilli(credited.Add(refused), proven, v.unit)
	var err error
	switch {
	case zReported <= -credibMilli && beyondPercent(credited, accepted):
		err = fmt.Errorf("the pool credited %s, but the provider says it accepted %s: %d.%03d standard deviations short: is it the right account and period?",
			credited, accepted, -zReported/1000, -zReported%1000)
	case zRest <= -credibMilli && beyondPercent(credited.Add(refused), proven):
		err = fmt.Errorf("the pool credited %s and refused or lost %s, but %s were proven: %d.%03d standard deviations short",
			credited, refused, proven, -zRest/1000, -zRest%1000)
	}
	note := "within the 95 % interval"
	few := new(big.Rat).Mul(share, big.NewRat(fewShares, 1))
	switch {
	case few.Cmp(new(big.Rat).SetInt(proven.Big())) > 0:
		note = "NOTE: at the pool's difficulty, as the jobs give it, these are too few shares to tell"
	case zProven >= credibMilli || zReported >= credibMilli:
		note = "NOTE: more than this lease's, as of an account with other miners, which could hide what is missing"
	case zProven < -insideMilli || zProven > insideMilli || zReported < -insideMilli || zReported > insideMilli:
		note = "NOTE: outside the 95 % interval, look again next time"
	}
	v.report("pool-work", err, "%s by the pool, %s accepted as the provider reports (z = %d/1000), %s proven (z = %d/1000): %s",
		credited, accepted, zReported, proven, zProven, note)
}

// beyondPercent reports whether a is less than b by more than a hundredth of b.
func beyondPercent(a, b miner.Work) bool { return a.Cmp(b.Sub(divide(b, 100))) < 0 }

// tagRoom is the least number of bytes that a well-formed job has for the tag,
// and the largest number of places where they could stand.
func (v *verifier) tagRoom() (size, places int) {
	for i := range v.b.Templates {
		t := &v.b.Templates[i]
		if t.Pool == nil || !v.usable[i] {
			continue
		}
		s, n := t.tagRoom()
		if size == 0 || s < size {
			size = s
		}
		places = max(places, n)
	}
	return size, places
}

// uncheckedOfPool says what a bundle of a lease with a pool does not show.
func (v *verifier) uncheckedOfPool() []string {
	compare := "compare the figure that the pool itself shows, by --pool-work"
	if v.PoolWork != nil {
		compare = "the figure you gave of the pool's is all there is to compare"
	}
	list := []string{
		fmt.Sprintf("that the pool credits %.128s: shares name no account; %s", v.s.Pool.User, compare),
		"that the jobs came from the pool, and were built on the chain's tip of their time: the bundle carries neither the pool's word nor block headers",
	}
	if n := len(v.s.Pool.Former); n > 0 {
		list = append(list, fmt.Sprintf("that you had the lease work for the %d accounts at pools that the statement names as former ones: look whether they are yours", n))
	}
	if size, places := v.tagRoom(); size > 0 && places > 0 {
		text := fmt.Sprintf("that the tag stands where the pool's connection puts it: as long as there is no public log, "+
			"only the signature binds the place. It has %d bytes there: a coinbase made for somebody else has them in a given place by chance once in 2^%d, "+
			"and in one of %d places, chosen afterwards, once in %s", size, 8*size, places, oneIn(size, places))
		if size <= workerSize+rolledSize {
			text += "; a provider who means to could put it into the bytes that workers fill in there: two tenants who compare their jobs would see it"
		}
		list = append(list, text)
	}
	return append(list, "what the pool answered, and its difficulty: the provider's word")
}

// oneIn is 2^(8·size)/places, rounded down, as a number or a power of two.
func oneIn(size, places int) string {
	if size < 4 {
		return fmt.Sprint(uint64(1) << (8 * size) / uint64(places))
	}
	return fmt.Sprintf("2^%d", 8*size-bits.Len(uint(places)))
}
