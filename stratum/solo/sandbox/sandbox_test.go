package sandbox

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// trivial is a target that every second hash meets.
const trivial = miner.Bits(0x207fffff)

// testClock is a clock that tests set.
type testClock struct{ t time.Time }

func (c *testClock) now() time.Time       { return c.t }
func (c *testClock) tick(d time.Duration) { c.t = c.t.Add(d) }

func newClock() *testClock { return &testClock{time.Unix(1_800_000_000, 0)} }

func open(t testing.TB, dir string, clk *testClock) *Node {
	t.Helper()
	n, err := Open(Config{Dir: dir, Now: clk.now, Easiest: trivial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// block is a solved block of a test.
type block struct {
	raw    []byte
	hash   miner.Hash
	height int64
}

// anyone is an output script that everybody can spend.
var anyone = []byte{0x51}

func template(t testing.TB, n *Node) *solo.Template {
	t.Helper()
	tmpl, err := n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// solve builds a block of a template; salt tells siblings apart.
func solve(t testing.TB, tmpl *solo.Template, salt uint32) block {
	t.Helper()
	outputs := []stratum.Output{{Value: tmpl.CoinbaseValue, Script: anyone}}
	job, err := solo.BuildJob(tmpl, "1", [16]byte{1}, outputs)
	if err != nil {
		t.Fatal(err)
	}
	en := binary.BigEndian.AppendUint32([]byte{0, 0}, salt)
	return solveHeader(t, tmpl, job.Coinbase(en), job.Header(en, job.Version, job.Time, 0))
}

// solveHeader finds a nonce.
func solveHeader(t testing.TB, tmpl *solo.Template, coinbase []byte, h miner.Header) block {
	t.Helper()
	target, err := h.Bits().Target()
	if err != nil {
		t.Fatal(err)
	}
	for nonce := uint32(0); ; nonce++ {
		h.SetNonce(nonce)
		if hash := h.Hash(); hash.Meets(target) {
			raw, err := solo.AssembleBlock(tmpl, coinbase, h)
			if err != nil {
				t.Fatal(err)
			}
			return block{raw, hash, tmpl.Height}
		}
	}
}

// mineOne puts the next block on the chain.
func mineOne(t testing.TB, n *Node, salt uint32) block {
	t.Helper()
	b := solve(t, template(t, n), salt)
	if err := solo.Adopt(t.Context(), n, b.raw, b.hash, b.height); err != nil {
		t.Fatal(err)
	}
	return b
}

func tip(t testing.TB, n *Node) (miner.Hash, int64) {
	t.Helper()
	hash, height, err := n.Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return hash, height
}

func locate(t testing.TB, n *Node, b block) solo.Place {
	t.Helper()
	p, err := n.Locate(t.Context(), b.hash, b.height)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantRejected(t testing.TB, err error) {
	t.Helper()
	var rejected solo.ErrRejected
	if !errors.As(err, &rejected) || rejected.Reason == "" {
		t.Errorf("error %v, want a rejection", err)
	}
}
