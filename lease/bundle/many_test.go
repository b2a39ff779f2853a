package bundle

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/miner"
)

// TestManyOfEach looks up much in much: whoever makes a file chooses how many
// payments, batches, jobs and changes of a contract it has. What would take a time
// that grows with their product takes minutes here.
func TestManyOfEach(t *testing.T) {
	const many = 60_000
	s := &Statement{ContractedHps: lease.Quantity(miner.Hashes(1)), ProofMs: 1000, Pool: &Pool{}}
	s.Period = Period{ToMs: many * lease.MsPerHour}
	f := newFacts(s)
	contracts := make([]contractLeaf, many)
	v := &verifier{s: s, facts: f}
	for i := range int64(many) {
		f.batches = append(f.batches, batchLeaf{fromMs: i * lease.MsPerHour, toMs: i*lease.MsPerHour + lease.BatchMs, n: 2, kept: 2})
		f.jobs = append(f.jobs, jobFacts{pool: int32(i + 1)})
		f.pools = append(f.pools, poolFacts{address: time.Duration(i).String()})
		f.tallies = append(f.tallies, tally{batch: int32(i), job: int32(i), n: 2})
		v.jobs = append(v.jobs, jobLeaf{index: 2*i + 1, toMs: 1})
		contracts[i] = contractLeaf{index: 2 * i, Lease: leaf.Lease{StartMs: i}}
		s.Pool.URLs = append(s.Pool.URLs, f.pools[i].address)
		s.Rewards = append(s.Rewards, Reward{Job: 2*i + 1})
	}
	if err := f.checkTemplates(v.jobs); err != nil {
		t.Error(err)
	}
	for i := range int64(many) {
		in := &Income{FromMs: 0, ToMs: (i + 1) * lease.MsPerHour}
		if sum, known := f.pooledWork(in); !known || sum != s.Target().Work().Mul(2*uint64(i+1)) {
			t.Fatalf("%d: %v, %v", i, sum, known)
		}
		if l := inForce(contracts, v.jobs[i].index); l.StartMs != i {
			t.Fatalf("%d: %d", i, l.StartMs)
		}
	}
	f.batches[5].kept--
	f.pooled = nil
	for _, tt := range []struct {
		from, to int64
		known    bool
	}{{0, 5, true}, {0, 6, false}, {5, 6, false}, {6, 9, true}} {
		in := &Income{FromMs: tt.from * lease.MsPerHour, ToMs: tt.to * lease.MsPerHour}
		if _, known := f.pooledWork(in); known != tt.known {
			t.Errorf("%+v: %v", tt, known)
		}
	}
}
