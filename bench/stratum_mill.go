package bench

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// blindHashes is the most hashes that a share may take on average; harder ones
// are not looked for, and what is submitted instead is no share.
const blindHashes = 1 << 12

// mill makes the shares of one connection's job.
type mill struct {
	tip    uint64
	user   string
	job    *stratum.Job
	prefix []byte // extranonce1
	en2    []byte
	roll   uint64 // counts extranonce2
	target miner.Target
	blind  bool // shares are not looked for

	root   miner.Hash
	header miner.Header
	nonce  uint32
	params []byte
}

// newMill begins with an extranonce2 by chance, so that one connection's
// shares differ from those it sent before.
func newMill(user string, job *stratum.Job, sub *stratum.Subscription, target miner.Target) *mill {
	m := &mill{
		tip: tipOf(job.PrevHash), user: user, job: job, prefix: sub.Extranonce1, en2: make([]byte, sub.Extranonce2Size),
		roll: rand.Uint64(), target: target, blind: target.Work().Cmp(miner.Hashes(blindHashes)) > 0,
	}
	m.turn()
	return m
}

// turn goes on to the next extranonce2.
func (m *mill) turn() {
	m.roll++
	for i, n := 0, m.roll; i < len(m.en2); i++ {
		m.en2[i] = byte(n)
		n >>= 8
	}
	extranonce := append(append(make([]byte, 0, stratum.MaxExtranonce*2), m.prefix...), m.en2...)
	m.root = m.job.MerkleRoot(extranonce)
	m.header = miner.NewHeader(m.job.Version, m.job.PrevHash, m.root, m.job.Time, m.job.Bits, 0)
	m.nonce = rand.Uint32()
}

// find looks for the next nonce whose hash is a share or, with hit false, is
// none.
func (m *mill) find(hit bool) {
	for {
		m.nonce++
		if m.blind {
			return
		}
		binary.LittleEndian.PutUint32(m.header[76:], m.nonce)
		if m.header.Hash().Meets(m.target) == hit {
			return
		}
	}
}

// appendSubmit appends the request that submits what was found.
func (m *mill) appendSubmit(dst []byte, id uint64) []byte {
	m.params = stratum.AppendSubmit(m.params[:0], &stratum.Submit{
		User: m.user, JobID: m.job.ID,
		Share: stratum.Share{Extranonce2: m.en2, Time: m.job.Time, Nonce: m.nonce},
	})
	return stratum.AppendRequest(dst, id, stratum.MethodSubmit, m.params)
}

// next appends a request with a new share.
func (m *mill) next(dst []byte, id uint64) []byte {
	m.find(true)
	return m.appendSubmit(dst, id)
}
