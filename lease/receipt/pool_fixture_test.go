package receipt

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

const (
	poolURL    = "stratum+tcp://pool.example:3333"
	poolBackup = "stratum+tcp://backup.example:3333"
	poolWork   = 32 // of the pool's target: every other receipt is a share
)

var poolScript = []byte{0x51, 0x20, 9, 9}

// poolCoinbase is what a foreign pool builds its jobs from.
type poolCoinbase struct {
	before      []byte // input script up to extranonce1
	extranonce1 []byte
	n           int    // bytes of extranonce2
	after       []byte // the rest of the script
	script      []byte // the one output's
}

// someCoinbase is like ckpool's: the height, a time and the extranonces.
func someCoinbase(n int) poolCoinbase {
	return poolCoinbase{
		before: []byte{3, 0x40, 0xd1, 0x0c, 4, 1, 2, 3, 4, byte(4 + n)}, extranonce1: []byte{0xaa, 0xbb, 0xcc, 0xdd}, n: n,
		after: []byte("/pool/"), script: poolScript,
	}
}

func (c poolCoinbase) issue() *stratum.Issue {
	size := len(c.before) + len(c.extranonce1) + c.n + len(c.after)
	b1 := slices.Concat([]byte{1, 0, 0, 0, 1}, make([]byte, 32), []byte{0xff, 0xff, 0xff, 0xff, byte(size)}, c.before)
	b2 := append(slices.Clone(c.after), 0xff, 0xff, 0xff, 0xff, 1)
	b2 = binary.LittleEndian.AppendUint64(b2, testReward)
	b2 = append(append(b2, byte(len(c.script))), c.script...)
	return &stratum.Issue{
		Job: stratum.Job{
			ID: "6a1", PrevHash: miner.Hash{4, 5, 6}, Coinb1: b1, Coinb2: append(b2, 0, 0, 0, 0), Branches: []miner.Hash{{7}},
			Version: 0x3fffe000, Bits: 0x1d00ffff, Time: testFromMs/1000 + 5,
		},
		Extranonce1: c.extranonce1, Extranonce2Size: c.n, Mask: stratum.VersionMask,
		Target: miner.TargetForWork(miner.Hashes(poolWork)), MinTime: testFromMs/1000 + 5, MaxTime: testFromMs/1000 + 7205,
	}
}

func (c poolCoinbase) input(terms lease.TermsHash) PoolInput {
	return PoolInput{Issue: c.issue(), Pool: poolURL, Terms: terms}
}

func poolTemplate(tb testing.TB, c poolCoinbase, terms lease.TermsHash) Template {
	tb.Helper()
	t, err := NewPoolTemplate(c.input(terms))
	if err != nil {
		tb.Fatal(err)
	}
	return *t
}

// honestPool makes the bundle of a lease that works for a pool, signed: two
// jobs with receipts, of which the pool was sent those good enough for it.
func honestPool(tb testing.TB, receipts int) *Bundle {
	tb.Helper()
	terms := testTerms()
	hash := termsHash(&terms)
	tag := tagOf(testLease, hash)
	b := &Bundle{Terms: terms, Templates: []Template{poolTemplate(tb, someCoinbase(8), hash), poolTemplate(tb, someCoinbase(12), hash)}}
	b.Templates[1].Pool.Address = poolBackup
	for i := range 2 {
		b.Jobs = append(b.Jobs, Job{Template: i, Lease: testLease, Tag: B16(tag),
			Target: U256(miner.TargetForWork(miner.Hashes(testWork))), CreatedMs: testFromMs + int64(i)})
		mine(tb, b, i, []byte{0, byte(i), 1, 2, 3, 4}, receipts)
	}
	b.Statement = Statement{
		Format: PoolStatementFormat, Lease: testLease, Tenant: "anna", Model: lease.Leased, ContractedHps: hps(100), ProofMs: 1000 * testWork / 100,
		Period: Period{FromMs: testFromMs, ToMs: testToMs, RunningMs: 900}, Tag: B16(tag), Nonce: tenantNonce,
		CountedHashes: lease.Quantity(miner.Hashes(uint64(receipts) * 2 * testWork)),
	}
	copy(b.Statement.TenantKey[:], public(tenant))
	b.Statement.Pool = reportOf(b)
	sign(tb, b)
	return b
}

// reportOf is what a pool says that takes every share it is due.
func reportOf(b *Bundle) *PoolReport {
	u := lease.Upstream{}
	for i := range b.Receipts {
		target := b.Templates[b.Jobs[b.Receipts[i].Job].Template].Pool.Target
		if headerHash(b, &b.Receipts[i]).Meets(miner.Target(target)) {
			u.Sent++
			u.SentWork = u.SentWork.Add(miner.Target(target).Work())
		}
	}
	u.Accepted, u.AcceptedWork = u.Sent, u.SentWork
	return NewPoolReport(&lease.Pool{URLs: []string{poolURL, poolBackup}, User: "anna.w1", Password: "secret"}, &u)
}

// remineAll does the work of a bundle anew.
func remineAll(t *testing.T, b *Bundle) {
	t.Helper()
	n := len(b.Receipts) / len(b.Jobs)
	b.Receipts = nil
	for i := range b.Jobs {
		mine(t, b, i, []byte{0, byte(i), 1, 2, 3, 4}, n)
	}
	b.Statement.Pool = reportOf(b)
}
