package stratumtest

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// work is a job before it is fitted to a connection's extranonces.
type work struct {
	id       string
	block    uint32
	clean    bool
	time     uint32
	branches []miner.Hash
}

// newWork makes the next job, of the next block when clean. The caller holds
// p.mu, or has not shared p yet.
func (p *Pool) newWork(clean bool) *work {
	if clean {
		p.block++
		p.seen.Reset()
	}
	p.lastJob++
	w := &work{id: fmt.Sprintf("%08x", p.lastJob), block: p.block, clean: clean, time: uint32(time.Now().Unix())}
	for i := range 2 {
		w.branches = append(w.branches, miner.SHA256d(fmt.Append(nil, w.id, i)))
	}
	return w
}

// fit makes the job for a geometry: the coinbase's script has to be as long
// as it says.
func (p *Pool) fit(w *work, extranonces int) stratum.Job {
	height := binary.LittleEndian.AppendUint32([]byte{3}, w.block)[:4]
	const mark = "/stratumtest/"
	coinb1 := []byte{1, 0, 0, 0, 1}
	coinb1 = append(coinb1, make([]byte, 32)...)
	coinb1 = append(coinb1, 0xff, 0xff, 0xff, 0xff, byte(len(height)+extranonces+len(mark)))
	coinb1 = append(coinb1, height...)
	coinb2 := append([]byte(mark), 0xff, 0xff, 0xff, 0xff, 1)
	coinb2 = binary.LittleEndian.AppendUint64(coinb2, 50_0000_0000)
	coinb2 = append(coinb2, 1, 0x51, 0, 0, 0, 0)
	return stratum.Job{
		ID:       w.id,
		PrevHash: miner.SHA256d(fmt.Append(nil, "block", w.block)),
		Coinb1:   coinb1,
		Coinb2:   coinb2,
		Branches: w.branches,
		Version:  p.o.Version,
		Bits:     p.o.Bits,
		Time:     w.time,
		Clean:    w.clean,
	}
}
