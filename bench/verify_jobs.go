package bench

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

const (
	monthBits   = 0x207fffff       // of a chain whose blocks anybody can make
	monthBlock  = 10 * 60          // seconds between blocks
	monthHeight = 1_000            // of the first block that is built on
	monthReward = 50 * 100_000_000 // satoshi
)

// monthTip is a block that jobs are built on.
type monthTip struct {
	hash   miner.Hash
	height int64
}

// monthChain is the headers of a month, and twelve from before it.
type monthChain struct {
	first   int64 // its height
	headers []miner.Header
	hashes  []miner.Hash
}

// headersBefore is how many blocks there are before the month.
const headersBefore = 12

func newMonthChain(ms int64) *monthChain {
	target, _ := miner.Bits(monthBits).Target()
	c := &monthChain{first: monthHeight - headersBefore + 1}
	var prev miner.Hash
	for i := range headersBefore + ms/1000/monthBlock {
		var h miner.Header
		binary.LittleEndian.PutUint32(h[:], 0x20000000)
		copy(h[4:], prev[:])
		binary.LittleEndian.PutUint64(h[36:], uint64(i))
		h.SetTime(uint32(monthBegin/1000 + (i-headersBefore+1)*monthBlock - 1))
		binary.LittleEndian.PutUint32(h[72:], monthBits)
		for nonce := uint32(0); !h.Hash().Meets(target); nonce++ {
			h.SetNonce(nonce)
		}
		prev = h.Hash()
		c.headers, c.hashes = append(c.headers, h), append(c.hashes, prev)
	}
	return c
}

// tip is the newest block at a moment of the month.
func (c *monthChain) tip(ms int64) monthTip {
	i := min((ms-monthBegin)/1000/monthBlock+headersBefore-1, int64(len(c.hashes)-1))
	return monthTip{c.hashes[i], c.first + i}
}

func (c *monthChain) stored() []lease.ChainHeader {
	list := make([]lease.ChainHeader, len(c.headers))
	for i := range list {
		list[i] = lease.ChainHeader{Hash: c.hashes[i], Height: c.first + int64(i), Raw: c.headers[i], SeenMs: monthBegin}
	}
	return list
}

// monthTemplates makes templates like those of a full main chain: with a branch
// of twelve hashes, which differ from one to the next.
type monthTemplates struct {
	terms lease.TermsHash
	split receipt.Split
	fee   int64
	rng   *rand.ChaCha8
}

func newMonthTemplates(terms lease.TermsHash, id string) *monthTemplates {
	fee := reward.Fee(monthReward, 20_000)
	return &monthTemplates{terms: terms, split: receipt.One(id, monthReward-fee), fee: fee, rng: rand.NewChaCha8([32]byte{})}
}

// next makes the document of a job on a tip.
func (m *monthTemplates) next(tip monthTip, ms int64) (*receipt.Template, error) {
	builder, err := solo.NewBuilder(&solo.Template{
		Height: tip.height + 1, Version: 0x20000000, PrevHash: tip.hash, Bits: monthBits, CurTime: uint32(ms / 1000), CoinbaseValue: monthReward,
	})
	if err != nil {
		return nil, err
	}
	job, err := builder.Job("1", lease.Tag{}, []stratum.Output{{Value: monthReward, Script: []byte{0x51}}})
	if err != nil {
		return nil, err
	}
	coinbase, err := stratum.ParseCoinbase(job.Coinbase(make([]byte, solo.ExtranonceSize1+solo.ExtranonceSize2)))
	if err != nil {
		return nil, err
	}
	_, at, err := receipt.TagPlace(coinbase.ScriptSig)
	if err != nil {
		return nil, err
	}
	at += receipt.ScriptSigAt
	split, err := m.split.Hash()
	if err != nil {
		return nil, err
	}
	t := &receipt.Template{
		Format: receipt.TemplateFormat, Height: tip.height + 1, Prev: receipt.U256(tip.hash), Version: receipt.U32(job.Version), Mask: stratum.VersionMask,
		Bits: monthBits, Time: job.Time, MinTime: job.Time, MaxTime: job.Time + 7200,
		Head: job.Coinb1[:at], Tail: job.Coinb1[at+lease.TagSize:], Coinb2: job.Coinb2, Branches: make([]receipt.B32, verifyBranches),
		Extranonce1Size: solo.ExtranonceSize1, Extranonce2Size: solo.ExtranonceSize2,
		Terms: receipt.B32(m.terms), Reward: monthReward, Fee: m.fee, Split: split,
	}
	for i := range t.Branches {
		_, _ = m.rng.Read(t.Branches[i][:]) // which never fails
	}
	document, err := t.Encode()
	if err != nil {
		return nil, err
	}
	sum, place, err := receipt.Commitment(document)
	if err != nil {
		return nil, err
	}
	hex.Encode(document[place:], sum[:])
	return receipt.DecodeTemplate(document)
}

// monthGroup is jobs that become durable together.
type monthGroup struct {
	list   []*receipt.Template
	stored []lease.Template
	jobs   []lease.Job
}

// group makes the jobs from a number on, each at its moment.
func (m *monthTemplates) group(chain *monthChain, l *lease.Lease, target miner.Target, from, count int, at func(job int) int64) (*monthGroup, error) {
	split, err := m.split.Encode()
	if err != nil {
		return nil, err
	}
	g := new(monthGroup)
	for i := range count {
		ms := at(from + i)
		tip := chain.tip(ms)
		t, err := m.next(tip, ms)
		if err != nil {
			return nil, fmt.Errorf("job %d: %w", from+i, err)
		}
		body, err := t.Encode()
		if err != nil {
			return nil, err
		}
		g.list = append(g.list, t)
		g.stored = append(g.stored, lease.Template{CreatedMs: ms, Height: t.Height, Prev: tip.hash, Body: body, Split: split})
		g.jobs = append(g.jobs, lease.Job{Template: int64(i), Lease: l.ID, Tag: l.Tag, Target: target, CreatedMs: ms})
	}
	return g, nil
}

// miners find receipts of one job.
type miners struct{ issue *stratum.Issue }

// find hashes until a receipt is found, and counts the hashes.
func (m *miners) find(number uint64, hashes *uint64) lease.Receipt {
	extranonce := binaryNonce(number)
	h := m.issue.Job.Header(extranonce, m.issue.Version, m.issue.Time, 0)
	for nonce := uint32(0); ; nonce++ {
		h.SetNonce(nonce)
		*hashes++
		if h.Hash().Meets(m.issue.Target) {
			return lease.Receipt{Extranonce: extranonce, Time: m.issue.Time, Nonce: nonce}
		}
	}
}
