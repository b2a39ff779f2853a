package bundle

import "github.com/hashlease/hashlease/miner"

// mineChain makes the headers: thirteen before the period and two in it, and one
// that lost against the last; and thirty that were before all of them.
func (w *world) mineChain() {
	var prev miner.Hash
	base := int64(testFromMs / 1000)
	for i := -30; i < 0; i++ {
		w.before = append(w.before, header(prev, base-100-int64(12-i)*600, 0))
		prev = w.before[len(w.before)-1].Hash()
	}
	for i := range 15 {
		at := base - 100 - int64(12-i)*600
		if i > 12 {
			at = base + int64(i-12)*950
		}
		w.chain = append(w.chain, header(prev, at, 0))
		prev = w.chain[i].Hash()
	}
	w.forks = append(w.forks, header(w.chain[13].Hash(), base+1890, 1000))
}

// header makes a header with the work that it needs.
func header(prev miner.Hash, at int64, nonce uint32) miner.Header {
	target := must(miner.Bits(easyBits).Target())
	for ; ; nonce++ {
		if h := miner.NewHeader(0x20000000, prev, miner.Hash{9}, uint32(at), easyBits, nonce); h.Hash().Meets(target) {
			return h
		}
	}
}
