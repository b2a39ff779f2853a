package receipt

import (
	"cmp"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// clockSlackSec is how far an honest clock may be off, in seconds: as far as
// nodes tolerate it of a block's time.
const clockSlackSec = 2 * 3600

// checkReceipts rebuilds and hashes every receipt and counts each header once.
func (v *verifier) checkReceipts() {
	var (
		seen         stratum.Seen
		roots        = rootCache{}
		wrong, twice error
		outside      int64 // receipts with a time outside the period
	)
	v.perJob, v.due = make([]uint64, len(v.sound)), make([]uint64, len(v.sound))
	v.settled = make([]uint64, len(v.sound))
	for i := range v.b.Receipts {
		r := &v.b.Receipts[i]
		hash, err := v.rehash(r, roots)
		if err != nil {
			wrong = cmp.Or(wrong, fmt.Errorf("receipts[%d] of job %d: %w", i, r.Job, err))
			continue
		}
		if !seen.Add(hash) {
			twice = cmp.Or(twice, fmt.Errorf("receipts[%d] of job %d: header %s was counted before", i, r.Job, hash))
			continue
		}
		v.perJob[r.Job]++
		v.r.Receipts++
		v.addIncome(int64(i), r)
		if int64(i) < v.s.settledReceipts() {
			v.settled[r.Job]++
		}
		if p := v.b.Templates[v.b.Jobs[r.Job].Template].Pool; p != nil && hash.Meets(miner.Target(p.Target)) {
			v.due[r.Job]++
		}
		if t := int64(r.Time); t < v.s.Period.FromMs/1000-clockSlackSec || t > v.s.Period.ToMs/1000+clockSlackSec {
			outside++
		}
	}
	for i, n := range v.perJob {
		if n > 0 {
			v.ev.AddN(miner.Target(v.b.Jobs[i].Target).Work(), n)
		}
	}
	v.r.ProvenWork = lease.Quantity(v.ev.Sum)
	v.unit = v.b.poolUnit(v.ev, v.perJob)
	v.derived = v.s.derive(v.ev, v.unit)
	v.r.DeliveredHps, v.r.IntervalHps = v.derived.DeliveredHps, v.derived.IntervalHps

	v.report("receipts", wrong, "%d of %d rebuilt and hashed, each at or below its job's target", v.r.Receipts, len(v.b.Receipts))
	v.report("unique", twice, "no header counts twice")
	var err error
	if 100*outside > v.r.Receipts {
		err = fmt.Errorf("%d of %d receipts carry a time outside the period: was their work stated before?", outside, v.r.Receipts)
	}
	v.report("times", err, "%d of %d receipts carry a time of the period", v.r.Receipts-outside, v.r.Receipts)
}

// rehash returns the header hash of a receipt, judged as when it was a share.
func (v *verifier) rehash(r *Receipt, roots rootCache) (miner.Hash, error) {
	if int64(r.Job) >= int64(len(v.sound)) {
		return miner.Hash{}, fmt.Errorf("there are %d jobs", len(v.sound))
	}
	if !v.sound[r.Job] {
		return miner.Hash{}, fmt.Errorf("its job does not hold")
	}
	issue := v.issueOf(int(r.Job))
	size1 := v.b.Templates[v.b.Jobs[r.Job].Template].Extranonce1Size
	if len(r.Extranonce) != size1+issue.Extranonce2Size {
		return miner.Hash{}, fmt.Errorf("extranonce of %d bytes, want %d", len(r.Extranonce), size1+issue.Extranonce2Size)
	}
	_, hash, err := issue.CheckOn(roots.get(r, issue), share(r.Extranonce, size1, r.Time, r.Nonce, r.VersionBits))
	return hash, err
}

// issueOf returns what shares of a sound job are judged by. Receipts of one job
// mostly follow each other.
func (v *verifier) issueOf(job int) *stratum.Issue {
	if v.issue == nil || v.last != job {
		j := &v.b.Jobs[job]
		v.last, v.issue = job, v.b.Templates[j.Template].Issue(lease.Tag(j.Tag), miner.Target(j.Target), nil)
	}
	return v.issue
}

// rootCache keeps merkle roots: a hashing thread finds many shares of one job
// with one extranonce.
type rootCache map[rootKey]miner.Hash

type rootKey struct {
	job        uint32
	extranonce [2 * MaxExtranonce]byte
}

func (c rootCache) get(r *Receipt, issue *stratum.Issue) miner.Hash {
	key := rootKey{job: r.Job}
	copy(key.extranonce[:], r.Extranonce) // one length a job
	root, ok := c[key]
	if !ok {
		if len(c) >= 1<<12 {
			clear(c)
		}
		root = issue.MerkleRoot(r.Extranonce)
		c[key] = root
	}
	return root
}
