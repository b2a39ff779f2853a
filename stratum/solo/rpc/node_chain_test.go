//go:build peers || core

package rpc_test

import (
	"encoding/binary"
	"errors"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// binaryOf returns the path that an environment variable names.
func binaryOf(t *testing.T, env string) string {
	t.Helper()
	binary := os.Getenv(env)
	if binary == "" {
		t.Fatalf("%s must hold the path of the node's binary", env)
	}
	return binary
}

// client connects to a real node.
func client(t *testing.T, peer *rpctest.Node) *rpc.Node {
	t.Helper()
	n, err := rpc.New(rpc.Config{URLs: []string{peer.URL}, User: peer.User, Pass: peer.Pass})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

type found struct {
	raw      []byte
	hash     miner.Hash
	height   int64
	coinbase miner.Hash // txid
}

// mine solves a template, for everybody to spend; salt tells siblings apart.
func mine(t *testing.T, tmpl *solo.Template, salt uint32) found {
	t.Helper()
	return mineTo(t, tmpl, salt, []byte{0x51})
}

// mineTo solves a template whose coins a script gets.
func mineTo(t *testing.T, tmpl *solo.Template, salt uint32, script []byte) found {
	t.Helper()
	job, err := solo.BuildJob(tmpl, "1", [16]byte{1}, []stratum.Output{{Value: tmpl.CoinbaseValue, Script: script}})
	if err != nil {
		t.Fatal(err)
	}
	target, err := job.Bits.Target()
	if err != nil {
		t.Fatal(err)
	}
	en := binary.BigEndian.AppendUint32([]byte{0, 0}, salt)
	for nonce := uint32(0); ; nonce++ {
		h := job.Header(en, job.Version, job.Time, nonce)
		if hash := h.Hash(); hash.Meets(target) {
			raw, err := solo.AssembleBlock(tmpl, job.Coinbase(en), h)
			if err != nil {
				t.Fatal(err)
			}
			return found{raw, hash, tmpl.Height, miner.SHA256d(job.Coinbase(en))}
		}
	}
}

// adopt adds a block to the chain.
func adopt(t *testing.T, n *rpc.Node) found {
	t.Helper()
	return adoptTo(t, n, []byte{0x51})
}

// adoptTo adds a block whose coins a script gets.
func adoptTo(t *testing.T, n *rpc.Node, script []byte) found {
	t.Helper()
	b := mineTo(t, template(t, n), 0, script)
	if err := solo.Adopt(t.Context(), n, b.raw, b.hash, b.height); err != nil {
		t.Fatal(err)
	}
	return b
}

func template(t *testing.T, n *rpc.Node) *solo.Template {
	t.Helper()
	tmpl, err := n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

func at(t *testing.T, n *rpc.Node, b found) solo.Place {
	t.Helper()
	p, err := n.Locate(t.Context(), b.hash, b.height)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lifeOfBlocks takes blocks through everything that can happen to them.
func lifeOfBlocks(t *testing.T, peer *rpctest.Node, n *rpc.Node, want solo.Params) {
	if p, err := n.Params(t.Context()); err != nil || p != want {
		t.Fatalf("params %+v, %v, want %+v", p, err, want)
	}
	first := adopt(t, n)
	tmpl := template(t, n)

	// A long poll answers with the next block.
	waited := make(chan *solo.Template, 1)
	go func() {
		next, err := n.Wait(t.Context(), tmpl)
		if err != nil {
			t.Error(err)
		}
		waited <- next
	}()
	second, sibling := mine(t, tmpl, 1), mine(t, tmpl, 2)
	if err := solo.Adopt(t.Context(), n, second.raw, second.hash, 2); err != nil {
		t.Fatal(err)
	}
	select {
	case next := <-waited:
		if next == nil || next.PrevHash != second.hash || next.Height != 3 {
			t.Errorf("the long poll gave %+v", next)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the long poll did not answer")
	}
	if p := at(t, n, first); !p.OnChain || p.Confirmations != 2 {
		t.Errorf("first block: %+v", p)
	}

	// A sibling is taken and stale, a block without parent is never known.
	if err := solo.Adopt(t.Context(), n, sibling.raw, sibling.hash, 2); !errors.Is(err, solo.ErrStale) {
		t.Errorf("sibling: %v, want stale", err)
	}
	if p := at(t, n, sibling); p.OnChain || !p.Known {
		t.Errorf("sibling: %+v", p)
	}
	lost := *tmpl
	lost.PrevHash, lost.Height = miner.Hash{1}, 9
	orphan := mine(t, &lost, 0)
	var rejected solo.ErrRejected
	if err := solo.Adopt(t.Context(), n, orphan.raw, orphan.hash, 9); !errors.As(err, &rejected) {
		t.Errorf("block without parent: %v, want rejected", err)
	}
	// One more coin than there is.
	greedy := template(t, n)
	greedy.CoinbaseValue++
	over := mine(t, greedy, 0)
	if err := solo.Adopt(t.Context(), n, over.raw, over.hash, 3); !errors.As(err, &rejected) {
		t.Errorf("overpaying block: %v, want rejected", err)
	}
	if err := n.Submit(t.Context(), []byte("no block")); !errors.As(err, &rejected) {
		t.Errorf("garbage: %v, want rejected", err)
	}

	// A wrong password says so.
	u, err := url.Parse(peer.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(peer.User, "wrong")
	other, err := rpc.New(rpc.Config{URLs: []string{u.String()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Tip(t.Context()); !errors.Is(err, rpc.ErrAuth) {
		t.Errorf("wrong password: %v", err)
	}
}

// leaveAndReturn takes a block off the chain, with the one that stands on it,
// and puts it back.
func leaveAndReturn(t *testing.T, peer *rpctest.Node, n *rpc.Node) {
	below, above := adopt(t, n), adopt(t, n)
	peer.Call(t, "invalidateblock", below.hash.String())
	for _, b := range []found{below, above} {
		if p := at(t, n, b); p.OnChain || !p.Known || p.Confirmations != 0 {
			t.Errorf("invalidated block at %d: %+v", b.height, p)
		}
	}
	peer.Call(t, "reconsiderblock", below.hash.String())
	if p := at(t, n, below); !p.OnChain || p.Confirmations != 2 {
		t.Errorf("reconsidered block: %+v", p)
	}
}
