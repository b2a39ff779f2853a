package dispatch

import (
	"context"
	"errors"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// blockStore takes blocks when it works.
type blockStore struct {
	lease.Store
	err    error
	blocks []miner.Hash
}

func (s *blockStore) PutBlock(_ context.Context, b lease.Block) error {
	if s.err == nil {
		s.blocks = append(s.blocks, b.Hash)
	}
	return s.err
}

// Blocks that neither the store nor the queue took are stored later, each once.
func TestSubmitForgetsNoBlock(t *testing.T) {
	store := &blockStore{err: errors.New("disk full")}
	d := &Dispatcher{Config: Config{Store: store}}
	d.settle.candidates, d.settle.wake = make(chan candidate, 1), make(chan struct{}, 1)
	for i := range byte(4) {
		d.settle.submit(candidate{Block: lease.Block{Hash: miner.Hash{i}}, stored: i == 3})
	}
	if d.storeLate(t.Context()) == nil {
		t.Fatal("the store fails, and nothing is said")
	}
	store.err = nil
	for range 2 {
		if err := d.storeLate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(store.blocks) != 2 || store.blocks[0] != (miner.Hash{1}) || store.blocks[1] != (miner.Hash{2}) {
		t.Errorf("stored %v", store.blocks)
	}
	if queued := <-d.settle.candidates; queued.Hash != (miner.Hash{0}) {
		t.Errorf("queued %v", queued.Hash)
	}
}
