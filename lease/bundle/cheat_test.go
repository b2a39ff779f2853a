package bundle

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/tlog"
)

// cheat is something that a provider or whoever sends a bundle may try. What a
// provider does it signs and logs as if it were right.
type cheat struct {
	name  string
	do    func(w *world) *Bundle
	check string // that must fail
	words string // of its detail
}

// refuse checks that a report has a failed check with these words.
func refuse(t *testing.T, r *Report, check, words string) {
	t.Helper()
	if r.OK() {
		t.Fatal("it is accepted")
	}
	for _, c := range r.Checks {
		if c.Name == check && !c.OK && strings.Contains(c.Detail, words) {
			return
		}
	}
	t.Errorf("no failed check %q with %q: %q", check, words, failed(r))
}

func play(t *testing.T, cheats []cheat) {
	for _, c := range cheats {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := honest(t, 4)
			w.witnesses = []string{"w1"}
			b := c.do(w)
			refuse(t, verify(t, pack(t, b), known(w)), c.check, c.words)
		})
	}
}

// records are those of a batch, taken apart.
func (w *world) records(i int) []receipt.Record {
	var list []receipt.Record
	for _, text := range w.batches[i].records {
		list = append(list, must(receipt.DecodeRecord(text)))
	}
	return list
}

// reseal replaces the receipts of a batch, sorted or not.
func (w *world) reseal(i int, records []receipt.Record) {
	b, old := w.seal(w.batches[i].doc.FromMs, w.batches[i].doc.ToMs, w.batches[i].doc.Number, records), w.batches[i].leaf
	b.leaf = old
	w.batches[i] = b
	w.redo(i)
}

// edit changes what the leaf of a batch says.
func edit(i int, do func(d *leaf.Batch)) func(w *world) *Bundle {
	return func(w *world) *Bundle {
		do(&w.batches[i].doc)
		w.redo(i)
		return w.bundle()
	}
}

// anew builds a batch in the last window, of receipts on a new job.
func (w *world) anew(tip miner.Hash, change func(t *receipt.Template)) *Bundle {
	const at = 2700
	height := int64(115)
	for i := range w.chain {
		if w.chain[i].Hash() == tip {
			height = 101 + int64(i)
		}
	}
	t := w.template(tip, height, uint32(testFromMs/1000+at))
	if change != nil {
		change(t)
	}
	job := w.putJob(t, testFromMs+at*1000)
	w.appendBatch(testFromMs+at*1000, testFromMs+at*1000+lease.BatchMs, w.mine(3, 99, job))
	return w.bundle()
}

// TestWorkCheats are cheats about receipts, batches and jobs.
func TestWorkCheats(t *testing.T) {
	play(t, []cheat{
		{"a receipt twice in a batch", func(w *world) *Bundle {
			r := w.records(1)
			w.reseal(1, append(r, r[0]))
			return w.bundle()
		}, "batches", "counts twice"},
		{"a receipt in two batches", func(w *world) *Bundle {
			w.reseal(2, append(w.records(2), w.records(1)[0]))
			return w.bundle()
		}, "unique", "counts twice"},
		{"a receipt of another lease", func(w *world) *Bundle {
			for n := int64(1); ; n++ {
				r := w.mineFor(w.leases[2].Tag, w.target(), 1, 1000+n, w.records(1)[0].Job)
				if _, err := w.check(w.s.Tag, w.target(), &r[0]); err != nil {
					w.reseal(1, append(w.records(1), r...))
					return w.bundle()
				}
			}
		}, "receipts", "do not hold"},
		{"a share that misses the target", func(w *world) *Bundle {
			r := w.records(1)
			for {
				if r[0].Nonce++; r[0].Nonce > 0 {
					if _, err := w.check(w.s.Tag, w.target(), &r[0]); err != nil {
						break
					}
				}
			}
			w.reseal(1, r)
			return w.bundle()
		}, "receipts", "do not hold"},
		{"an easier target than the contract's", func(w *world) *Bundle {
			easy := miner.MaxTarget
			r := w.mineFor(w.s.Tag, easy, 40, 5, w.records(1)[0].Job)
			w.reseal(1, r)
			return w.bundle()
		}, "receipts", "do not hold"},
		{"more work than the target's", edit(1, func(d *leaf.Batch) { d.Sum = lease.Quantity(miner.Hashes(1000)) }), "batches", "hashes of work"},
		{"another sum of squares", edit(1, func(d *leaf.Batch) { d.SumSq = "1000" }), "batches", "sum of squares"},
		{"more receipts than there are", edit(1, func(d *leaf.Batch) {
			d.N++
			d.Sum, d.SumSq = hps(10), "20"
		}), "batches", "missing"},
		{"fewer receipts than there are", edit(1, func(d *leaf.Batch) {
			d.N--
			d.Sum, d.SumSq = hps(6), "12"
		}), "batches", "the leaf says 3"},
		{"another root", edit(1, func(d *leaf.Batch) { d.Root[3]++ }), "batches", "root"},
		{"a missing batch", func(w *world) *Bundle {
			w.in[w.batches[1].leaf] = false
			return w.bundle()
		}, "batches", "number 2, want 1"},
		{"a missing batch at the end", func(w *world) *Bundle {
			w.in[w.batches[2].leaf] = false
			return w.bundle()
		}, "delivery", "batches: by the leaves 2"},
		{"a statement of more work", func(w *world) *Bundle {
			w.s.Delivery.Receipts = 5
			return w.bundle()
		}, "delivery", "the statement says 17"},
		{"windows that overlap", edit(1, func(d *leaf.Batch) { d.FromMs, d.ToMs = testFromMs+1000, testFromMs+lease.BatchMs }), "batches", "overlap"},
		{"a window before the period", edit(0, func(d *leaf.Batch) { d.FromMs, d.ToMs = testFromMs-1000, testFromMs }), "batches", "not within the period"},
		{"a window of an hour", edit(1, func(d *leaf.Batch) { d.ToMs = testToMs }), "form", "not within one window"},
		{"a batch of another lease", edit(1, func(d *leaf.Batch) { d.Lease = "L-0003" }), "form", `of lease "L-0003"`},
		{"receipts out of order", func(w *world) *Bundle {
			b := &w.batches[1]
			b.records[0], b.records[1] = b.records[1], b.records[0]
			b.tree = multiproof.NewTree(leafHashes(b.records))
			b.doc.Root = receipt.B32(b.tree.Root())
			w.redo(1)
			return w.bundle()
		}, "batches", "not in order"},
		{"a job that nobody logged", func(w *world) *Bundle {
			w.in[w.records(1)[0].Job] = false
			return w.bundle()
		}, "order", "which is not here"},
		{"a job logged after its work", func(w *world) *Bundle {
			b := w.batches[1]
			job := w.records(1)[0].Job
			late := w.append(w.log[job], true)
			w.jobs[late] = w.jobs[job]
			var r []receipt.Record
			for _, one := range w.records(1) {
				if one.Job == job {
					one.Job = late
				}
				r = append(r, one)
			}
			w.reseal(1, r)
			w.batches[1].leaf = b.leaf
			return w.bundle()
		}, "order", "came after it"},
		{"a contract logged after its work", func(w *world) *Bundle {
			w.in[3], w.open[3] = false, false
			w.appendLease(&w.leases[1], true)
			return w.bundle()
		}, "order", "is before the contract"},
		{"a target raised after the fact", func(w *world) *Bundle {
			l := w.leases[1]
			l.ContractedHps = hps(1)
			w.appendLease(&l, true)
			return w.bundle()
		}, "contract", "moves the target"},
		{"two tags in a coinbase", func(w *world) *Bundle {
			return w.anew(w.tips()[1], func(t *receipt.Template) {
				other := append([]byte{lease.TagSize}, w.leases[2].Tag[:]...)
				at := len(t.Head) - 1
				t.Head = append(append(append([]byte{}, t.Head[:at]...), other...), t.Head[at:]...)
				t.Head[41] += byte(len(other))
			})
		}, "templates", "the tag's place"},
		{"a coinbase made for another document", func(w *world) *Bundle {
			w.in[w.records(1)[0].Job] = false
			t := *w.jobs[w.records(1)[0].Job]
			t.Fee++
			w.append(must(leaf.NewJob(&lease.Template{CreatedMs: testFromMs, Body: must(t.Encode())})), true)
			return w.bundle()
		}, "templates", "commits to another document"},
	})
}

func leafHashes(records [][]byte) []tlog.Hash {
	var hashes []tlog.Hash
	for _, r := range records {
		hashes = append(hashes, tlog.RecordHash(r))
	}
	return hashes
}

// TestTimeCheats are cheats about when work was done.
func TestTimeCheats(t *testing.T) {
	play(t, []cheat{
		{"work prepared long before", func(w *world) *Bundle { return w.anew(w.chain[2].Hash(), nil) }, "headers", "no tip any more"},
		{"work on a block that nobody has", func(w *world) *Bundle { return w.anew(miner.Hash{1, 2, 3}, nil) }, "headers", "neither in the chain"},
		{"a block that was not there yet", func(w *world) *Bundle {
			w.chain = append(w.chain, header(w.chain[14].Hash(), testFromMs/1000+20_000, 0))
			return w.anew(w.chain[15].Hash(), nil)
		}, "headers", "was not there yet"},
		{"another height", func(w *world) *Bundle {
			return w.anew(w.chain[13].Hash(), func(t *receipt.Template) {
				t.Height++
				t.Head[43]++
			})
		}, "headers", "it says it is for height"},
		{"harder bits than the network's", func(w *world) *Bundle {
			return w.anew(w.chain[13].Hash(), func(t *receipt.Template) { t.Bits = 0x1d00ffff })
		}, "headers", "the bits 1d00ffff"},
		{"a job made long before", func(w *world) *Bundle {
			tip := w.tips()[1]
			job := w.putJob(w.template(tip, 114, testFromMs/1000+2700), testFromMs-9_000_000)
			w.appendBatch(testFromMs+2_700_000, testFromMs+3_000_000, w.mine(3, 99, job))
			return w.bundle()
		}, "headers", "was not the tip"},
		{"a share of tomorrow", func(w *world) *Bundle {
			return w.anew(w.tips()[1], func(t *receipt.Template) {
				t.Time += 9000
				t.MaxTime += 9000
			})
		}, "times", "later than the end of its window"},
		{"a share of yesterday", func(w *world) *Bundle {
			return w.anew(w.tips()[1], func(t *receipt.Template) {
				t.Time -= 80_000
				t.MinTime -= 80_000
			})
		}, "times", "not after the median"},
		{"headers with a gap", func(w *world) *Bundle {
			w.chain = append(w.chain[:5:5], w.chain[6:]...)
			return w.bundle()
		}, "headers", "there is a gap"},
		{"headers without work", func(w *world) *Bundle {
			for h := &w.chain[14]; ; h.SetNonce(uint32(h[76]) + 1) {
				target := must(miner.Bits(easyBits).Target())
				if !h.Hash().Meets(target) {
					return w.bundle()
				}
			}
		}, "headers", "has not the work"},
		{"a stale tip without work", func(w *world) *Bundle {
			w.forks = append(w.forks, w.forks[0])
			h := &w.forks[1]
			for ; ; h.SetNonce(uint32(h[76]) + 1) {
				if !h.Hash().Meets(must(miner.Bits(easyBits).Target())) {
					return w.bundle()
				}
			}
		}, "headers", "has not the work"},
	})
}

// TestForks builds on the second of two blocks that left the chain.
func TestForks(t *testing.T) {
	w := honest(t, 4)
	w.forks = append(w.forks, header(w.forks[0].Hash(), testFromMs/1000+2500, 0))
	const at = testFromMs + 2_700_000
	job := w.putJob(w.template(w.forks[1].Hash(), 116, at/1000), at)
	w.appendBatch(at, at+lease.BatchMs, w.mine(3, 99, job))
	if r := verify(t, pack(t, w.bundle()), Options{}); !r.OK() {
		t.Errorf("%q", failed(r))
	}
}

// TestThinCheats are cheats about receipts that were dropped.
func TestThinCheats(t *testing.T) {
	thin := func(drop func(b *Batch, w *world)) func(w *world) *Bundle {
		return func(w *world) *Bundle {
			w.reseal(2, w.mine(200, 7, w.records(2)[0].Job))
			w.batches[2].thinned = true
			b := w.bundle()
			drop(&b.Batches[2], w)
			return b
		}
	}
	t.Run("honest", func(t *testing.T) {
		w := honest(t, 4)
		b := thin(func(*Batch, *world) {})(w)
		if r := verify(t, pack(t, b), Options{}); !r.OK() || r.Kept == 208 || r.ProvenWork != w.s.Delivery.ProvenWork {
			t.Errorf("%+v: %q", r, failed(r))
		}
	})
	// without drops the i-th record.
	without := func(b *Batch, i int) {
		size := 1 + int(b.Records[0])
		b.Records = append(append([]byte{}, b.Records[:i*size]...), b.Records[(i+1)*size:]...)
		b.N--
	}
	play(t, []cheat{
		{"kept receipts that are no prefix", thin(func(b *Batch, _ *world) { without(b, 0) }), "batches", "not those that were committed to"},
		{"no receipt behind the prefix", thin(func(b *Batch, w *world) {
			without(b, b.N-1)
			b.Proof = must(w.batches[2].tree.Prove(multiproof.First(b.N)))
		}), "batches", "and the next one"},
		{"a proof with a hash left over", thin(func(b *Batch, _ *world) { b.Proof = append(b.Proof, tlog.Hash{}) }), "batches", "not as many"},
		{"dropped without a proof", thin(func(b *Batch, _ *world) { b.Proof = nil }), "batches", "nothing proves"},
		{"receipts made up and then dropped", func(w *world) *Bundle {
			w.reseal(2, w.mine(200, 7, w.records(2)[0].Job))
			x := &w.batches[2]
			for n := len(x.records); n < 4000; n++ {
				x.records, x.hashes = append(x.records, []byte{byte(n), byte(n >> 8)}), append(x.hashes, miner.Hash(miner.MaxTarget))
			}
			x.tree, x.thinned = multiproof.NewTree(leafHashes(x.records)), true
			var ev lease.Evidence
			ev.AddN(w.target().Work(), 4000)
			x.doc.N, x.doc.Sum, x.doc.SumSq, x.doc.Root = 4000, lease.Quantity(ev.Sum), ev.SumSq.String(), receipt.B32(x.tree.Root())
			w.redo(2)
			return w.bundle()
		}, "thinned", "honest ones are within"},
	})
}
