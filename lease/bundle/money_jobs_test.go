package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// job adds the leaf of a job of the kind that the lease works on.
func (w *moneyWorld) job(ms int64) int64 {
	tip, height := w.tipAt(ms)
	var t *receipt.Template
	if w.o.pool != "" {
		t = w.poolTemplate(tip, height, uint32(ms/1000))
		i := w.append(must(leaf.NewJob(&lease.Template{CreatedMs: ms, Body: must(t.Encode())})), true)
		w.jobs[i] = t
		return i
	}
	return w.putJob(w.houseTemplate(tip, height, uint32(ms/1000)), ms)
}

// The parts of a block in these tests.
const (
	moneyReward = 5_000_010_000 // with fees of 10 000
	moneyCarry  = 1_000_000
	moneyPart   = 1_234_567_890
)

// split is who gets what of a block.
func (w *moneyWorld) split() (split receipt.Split, fee, carry int64) {
	fee = reward.Fee(moneyReward, w.terms.FeePPM)
	switch w.o.scheme {
	case lease.SchemeSolo:
		return receipt.One(testLease, moneyReward-fee), fee, 0
	case lease.SchemePPS, lease.SchemeFPPS:
		return receipt.One(lease.House, moneyReward), 0, 0
	case lease.SchemePPLNS:
		carry = moneyCarry
	}
	return receipt.Split{{Lease: testLease, Sat: moneyPart}, {Lease: lease.House, Sat: moneyReward - fee - carry - moneyPart}}, fee, carry
}

func (w *moneyWorld) houseTemplate(tip miner.Hash, height int64, at uint32) *receipt.Template {
	t := w.template(tip, height, at)
	split, fee, carry := w.split()
	t.Terms, t.Reward, t.Fee, t.Carry, t.Split = receipt.B32(must(w.terms.Hash())), moneyReward, fee, carry, must(split.Hash())
	out := []byte{0xff, 0xff, 0xff, 0xff}
	house := int64(moneyReward)
	if w.o.direct {
		script := []byte{0x51, 0x20, 9, 9}
		t.Direct = []receipt.Direct{{Script: script, Sat: split.Share(testLease), Leases: []string{testLease}}}
		house -= split.Share(testLease)
		out = appendOutput(append(out, 2), split.Share(testLease), script)
	} else {
		out = append(out, 1)
	}
	t.Coinb2 = append(appendOutput(out, house, houseScript()), 0, 0, 0, 0)
	switch w.o.scheme {
	case lease.SchemePPS:
		t.Earns = &receipt.Earns{Sat: moneyReward}
	case lease.SchemeFPPS:
		t.Earns = &receipt.Earns{Sat: 5_000_000_000 + 7777, FeesSat: 7777}
	}
	if cheat := w.o.cheat.template; cheat != nil {
		cheat(t)
	}
	return t
}

func appendOutput(b []byte, sat int64, script []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(sat))
	return append(append(b, byte(len(script))), script...)
}

// poolTemplate is a job of a pool that wants shares four times as hard.
func (w *moneyWorld) poolTemplate(tip miner.Hash, height int64, at uint32) *receipt.Template {
	script := []byte{2, byte(height), byte(height >> 8), 0x0c}
	head := slices.Concat([]byte{1, 0, 0, 0, 1}, make([]byte, 32), []byte{0xff, 0xff, 0xff, 0xff, byte(len(script) + 12)}, script)
	out := appendOutput([]byte{0xff, 0xff, 0xff, 0xff, 1}, moneyReward, []byte{0x51, 0x20, 5, 5})
	target := miner.TargetForWork(w.target().Work().Mul(4))
	return &receipt.Template{
		Format: receipt.PoolTemplateFormat, Height: height, Prev: receipt.U256(tip), Version: 0x20000000, Mask: 0x1fffe000, Bits: easyBits,
		Time: at, MinTime: at - 600, MaxTime: at + 7200, Head: head, Coinb2: append(out, 0, 0, 0, 0), Branches: []receipt.B32{{1}},
		Extranonce1Size: 2, Extranonce2Size: 4, Terms: receipt.B32(must(w.terms.Hash())),
		Pool: &receipt.PoolJob{Address: poolAddress, Extranonce1: []byte{1, 2, 3, 4}, Extranonce2Size: 8, Target: receipt.U256(target)},
	}
}

// mined are receipts that were mined for a world, by their tag and jobs, with
// places of these instead of their leaves.
type mined map[string][]receipt.Record

// mineOnce is mine, but for what another world has mined.
func (w *moneyWorld) mineOnce(n int, seed int64, jobs ...int64) []receipt.Record {
	key := fmt.Sprintf("%x %d %d", w.s.Tag, n, seed)
	for _, job := range jobs {
		key += fmt.Sprintf(" %x", sha256.Sum256(must(w.jobs[job].Encode())))
	}
	records := slices.Clone(w.o.mined[key])
	if records == nil {
		records = w.mine(n, seed, jobs...)
		if w.o.mined != nil {
			keep := slices.Clone(records)
			for i := range keep {
				keep[i].Job = int64(slices.Index(jobs, keep[i].Job))
			}
			w.o.mined[key] = keep
		}
		return records
	}
	for i := range records {
		records[i].Job = jobs[records[i].Job]
	}
	return records
}

// work delivers so many receipts in an hour, in three windows.
func (w *moneyWorld) work(h, receipts int) {
	a, b := w.job(w.at(h, 20)), w.job(w.at(h, 35))
	for i, part := range []int{receipts / 3, receipts / 3, receipts - 2*(receipts/3)} {
		if part == 0 {
			continue
		}
		from := w.at(h, 40+5*i)
		w.appendBatch(from, from+lease.BatchMs, w.mineOnce(part, int64(10*h+i), a, b))
		w.batches[len(w.batches)-1].thinned = w.o.thin
	}
}

// tagsOf proves the entries of a lease in a map.
func tagsOf(l *leaf.Lease, index int64, m *translog.TagMap) (tags []Tag) {
	entries := l.TagEntries()
	slices.SortFunc(entries, func(a, b translog.TagEntry) int { return bytes.Compare(a.Destination[:], b.Destination[:]) })
	for _, e := range entries {
		tags = append(tags, Tag{index, must(m.Prove(e.Destination, l.Lease))})
	}
	return tags
}
