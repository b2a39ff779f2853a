package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// chainNode is a coin node that shows headers, as long as it answers.
type chainNode struct {
	solo.Node
	chain  []miner.Header // by height
	asked  int
	answer func(ctx context.Context) error
}

func (n *chainNode) Tip(context.Context) (miner.Hash, int64, error) {
	return miner.Hash{}, 0, errors.New("unknown")
}

func (n *chainNode) Coinbase(context.Context, int64) (miner.Header, []byte, error) {
	return miner.Header{}, nil, solo.ErrNoBlock
}

func (n *chainNode) Header(ctx context.Context, hash miner.Hash) (miner.Header, error) {
	n.asked++
	if n.answer != nil {
		if err := n.answer(ctx); err != nil {
			return miner.Header{}, err
		}
	}
	for _, h := range n.chain {
		if h.Hash() == hash {
			return h, nil
		}
	}
	return miner.Header{}, solo.ErrNoBlock
}

// headerStore keeps headers and nothing else.
type headerStore struct {
	lease.Store
	headers map[miner.Hash]lease.ChainHeader
}

func (s *headerStore) PutHeaders(_ context.Context, headers []lease.ChainHeader) error {
	for _, h := range headers {
		s.headers[h.Hash] = h
	}
	return nil
}

func (s *headerStore) Header(_ context.Context, hash miner.Hash) (lease.ChainHeader, error) {
	h, ok := s.headers[hash]
	if !ok {
		return h, lease.ErrNotFound
	}
	return h, nil
}

func (s *headerStore) Headers(_ context.Context, from, to int64) ([]lease.ChainHeader, error) {
	var found []lease.ChainHeader
	for _, h := range s.headers {
		if h.Height >= from && h.Height < to {
			found = append(found, h)
		}
	}
	return found, nil
}

// headerWorld is a keeper of headers of a chain of so many blocks.
func headerWorld(blocks int) (*Dispatcher, *chainNode, *headerStore) {
	n, s := &chainNode{}, &headerStore{headers: make(map[miner.Hash]lease.ChainHeader)}
	var prev miner.Hash
	for i := range blocks {
		h := miner.NewHeader(1, prev, miner.Hash{}, uint32(i), 0x1d00ffff, 0)
		n.chain, prev = append(n.chain, h), h.Hash()
	}
	d := &Dispatcher{Config: Config{Node: n, Store: s, Log: slog.New(slog.DiscardHandler), Now: time.Now}}
	d.headers.tips = make(chan chainTip, tipsWaiting)
	return d, n, s
}

func (n *chainNode) tip(height int64) chainTip { return chainTip{n.chain[height].Hash(), height} }

// The first tip brings the headers that times are judged by, later ones close
// the gap to it, forks join the chain, and each is asked for once.
func TestHeaders(t *testing.T) {
	d, n, s := headerWorld(100)
	fork := miner.NewHeader(1, n.chain[89].Hash(), miner.Hash{1}, 90, 0x1d00ffff, 0)
	for i, step := range []struct {
		tip   chainTip
		asked int
		last  int64 // height of the first that is stored
	}{
		{n.tip(50), headersBefore + 1, 50 - headersBefore}, {n.tip(50), 0, 50 - headersBefore}, {n.tip(90), 40, 50 - headersBefore},
		{chainTip{fork.Hash(), 90}, 1, 50 - headersBefore}, {n.tip(99), 9, 50 - headersBefore},
	} {
		n.chain, n.asked = append(n.chain, fork), 0
		if err := d.storeHeaders(t.Context(), n, step.tip); err != nil {
			t.Fatal(err)
		}
		n.chain = n.chain[:len(n.chain)-1]
		if n.asked != step.asked {
			t.Errorf("step %d: asked for %d headers, want %d", i, n.asked, step.asked)
		}
	}
	for height := int64(50 - headersBefore); height < 100; height++ {
		if h, ok := s.headers[n.chain[height].Hash()]; !ok || h.Height != height {
			t.Errorf("no header of height %d", height)
		}
	}
	if len(s.headers) != 100-50+headersBefore+1 {
		t.Errorf("%d headers are stored", len(s.headers))
	}
}

// What waits when the node stops is stored, but a coin node that does not answer
// keeps it from stopping for no longer than headersEnd, however many tips wait.
func TestHeadersAtTheEnd(t *testing.T) {
	for _, silent := range []bool{false, true} {
		d, n, s := headerWorld(40)
		for height := range int64(20) {
			d.seeTip(n.tip(20+height).hash, 20+height)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if silent {
			n.answer = func(ctx context.Context) error {
				if until, ok := ctx.Deadline(); !ok || time.Until(until) > headersEnd {
					t.Error("a coin node may take its time when the node stops")
				}
				return errors.New("no answer")
			}
		}
		d.keepHeaders(ctx)
		if want := map[bool]int{false: 20 + headersBefore, true: 0}[silent]; len(s.headers) != want || len(d.headers.tips) != 0 {
			t.Errorf("silent %v: %d headers are stored, want %d; %d tips wait", silent, len(s.headers), want, len(d.headers.tips))
		}
	}
}
