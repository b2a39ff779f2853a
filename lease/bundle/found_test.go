package bundle

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// TestHiddenBlocks has receipts that are blocks of the network, which the
// provider keeps from the log, or from the books.
func TestHiddenBlocks(t *testing.T) {
	const hard, at = miner.Bits(0x201fffff), 2700
	for _, tt := range []struct {
		name  string
		state lease.BlockState
		hide  int    // so many are not in the log
		words string // none: it holds
	}{
		{"all logged", lease.Candidate, 0, ""},
		{"refused", lease.Rejected, 0, ""},
		{"one not logged", lease.Candidate, 1, "a hidden block"},
		{"in the chain and not booked", lease.Adopted, 0, "nothing is booked for it"},
		{"matured and not booked", lease.Mature, 0, "nothing is booked for it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := honest(t, 4)
			w.witnesses = []string{"w1"}
			template := w.template(w.chain[14].Hash(), 115, uint32(testFromMs/1000+at))
			template.Bits = receipt.U32(hard)
			job := w.putJob(template, testFromMs+at*1000)
			records := w.mine(30, 99, job)
			network, found := must(hard.Target()), 0
			for i := range records {
				r := &records[i]
				hash := must(w.check(w.s.Tag, w.target(), r))
				if !hash.Meets(network) {
					continue
				}
				if found++; found <= tt.hide {
					continue
				}
				b := lease.Block{
					Hash: hash, Height: 115, Lease: testLease, Extranonce: r.Extranonce, Time: r.Time, Nonce: r.Nonce,
					VersionBits: r.VersionBits, State: tt.state,
				}
				if tt.state != lease.Candidate && tt.state != lease.Rejected {
					b.Appearances = 1
				}
				w.append(must(leaf.NewBlock(&b, job, lease.Tag(w.s.Tag))), true)
			}
			if found < 2 {
				t.Fatalf("%d blocks", found)
			}
			w.appendBatch(testFromMs+at*1000, testFromMs+at*1000+lease.BatchMs, records)
			o := known(w)
			o.solvable = must(miner.Bits(easyBits).Target())
			r := verify(t, pack(t, w.bundle()), o)
			if tt.words != "" {
				refuse(t, r, "rewards", tt.words)
				return
			}
			if i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.Name == "rewards" }); !r.Checks[i].OK {
				t.Error(r.Checks[i].Detail)
			}
			if text := strings.Join(r.Word, "\n"); !strings.Contains(text, "the log has it as "+string(tt.state)) {
				t.Errorf("unchecked %q", r.Word)
			}
		})
	}
}

// TestFirstBatches leaves out the first batch of a lease.
func TestFirstBatches(t *testing.T) {
	play(t, []cheat{{"the first batch", func(w *world) *Bundle {
		w.in[w.batches[0].leaf] = false
		w.batches = w.batches[1:]
		return w.bundle()
	}, "batches", "are missing before it"}})
}

// TestThinnedByChoice makes up receipts where chance was kind and thins these
// batches alone: the whole ones before have too few of the luckiest then.
func TestThinnedByChoice(t *testing.T) {
	play(t, []cheat{{"unlucky batches kept whole", func(w *world) *Bundle {
		thin := receipt.ThinTarget(w.target())
		unlucky := slices.DeleteFunc(w.mine(1400, 5, w.records(1)[0].Job), func(r receipt.Record) bool {
			hash := must(w.check(w.s.Tag, w.target(), &r))
			return hash.Meets(thin)
		})
		w.reseal(1, unlucky)
		w.reseal(2, w.mine(200, 7, w.records(2)[0].Job))
		w.batches[2].thinned = true
		return w.bundle()
	}, "thinned", "honest ones are within"}})
}
