package miner

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// ErrSelfTest is what a kernel's failed self-test wraps.
var ErrSelfTest = errors.New("failed its self-test")

// SelfTest checks a kernel: it must be Supported, find the nonces of known
// blocks in every lane, and agree with crypto/sha256 on random headers,
// versions and targets; otherwise the error wraps ErrSelfTest. It takes some
// milliseconds the first time; the verdict on a Kernel is kept. The engine uses
// no kernel that has not passed.
//
// A processor that does not know an instruction of a kernel which it seemed to
// support ends the process here. Selection.Try is for those who want to
// survive that.
func SelfTest(k *Kernel) error {
	k.test.once.Do(func() {
		if k.test.err = k.Supported(); k.test.err != nil {
			return
		}
		if err := errors.Join(testKnownBlocks(k), testRandomHeaders(k)); err != nil {
			k.test.err = fmt.Errorf("kernel %s %w, choose another: %w", k.Name, ErrSelfTest, err)
		}
	})
	return k.test.err
}

// knownBlock is a block of a public chain.
type knownBlock struct {
	name    string
	version uint32
	prev    string
	root    string
	time    uint32
	bits    Bits
	nonce   uint32
	hash    string
}

const (
	noHash      = "0000000000000000000000000000000000000000000000000000000000000000"
	genesisRoot = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
)

// knownBlocks are the genesis blocks of Bitcoin's networks, whose targets are
// of four sizes, and two later blocks of the main chain.
var knownBlocks = [...]knownBlock{
	{"mainnet 0", 1, noHash, genesisRoot, 1231006505, 0x1d00ffff, 2083236893,
		"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"},
	{"mainnet 1", 1, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
		"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098", 1231469665, 0x1d00ffff, 2573394689,
		"00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048"},
	{"mainnet 125552", 1, "00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81",
		"2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3", 1305998791, 0x1a44b9f2, 2504433986,
		"00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d"},
	{"testnet 0", 1, noHash, genesisRoot, 1296688602, 0x1d00ffff, 414098458,
		"000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"},
	{"signet 0", 1, noHash, genesisRoot, 1598918400, 0x1e0377ae, 52613770,
		"00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"},
	{"regtest 0", 1, noHash, genesisRoot, 1296688602, 0x207fffff, 2,
		"0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"},
}

// header returns the block's header and target.
func (b *knownBlock) header() (Header, Target, error) {
	prev, err1 := ParseHash(b.prev)
	root, err2 := ParseHash(b.root)
	target, err3 := b.bits.Target()
	return NewHeader(b.version, prev, root, b.time, b.bits, b.nonce), target, errors.Join(err1, err2, err3)
}

func testKnownBlocks(k *Kernel) error {
	for i := range knownBlocks {
		b := &knownBlocks[i]
		h, target, err := b.header()
		if err != nil {
			return err
		}
		alone := k.NewScanner(&h, nil, target)
		rolled := k.NewScanner(&h, []uint32{1 << 29, 2 << 29, 3 << 29, 4 << 29, b.version}, target)
		for lane := range uint32(k.Lanes) {
			if lane > b.nonce {
				break // the regtest block, near the first nonce
			}
			if !scanFinds(alone, b.nonce-lane, uint32(k.Lanes), Hit{Nonce: b.nonce}) ||
				!scanFinds(rolled, b.nonce-lane, uint32(k.Lanes), Hit{Version: 4, Nonce: b.nonce}) {
				return fmt.Errorf("block %s: nonce %d not found in lane %d", b.name, b.nonce, lane)
			}
		}
	}
	return nil
}

// scanFinds reports whether a scan of count nonces has the hit.
func scanFinds(s *Scanner, nonce, count uint32, want Hit) bool {
	for count > 0 {
		hits, n := s.Scan(nonce, count)
		for _, hit := range hits {
			if hit == want {
				return true
			}
		}
		nonce, count = nonce+n, count-n
	}
	return false
}

// testedVersions are numbers of rolled versions: kernels do some of them in
// another way than others.
var testedVersions = [...]int{1, 2, 3, 4, 5, 7, 16, 33}

// testRandomHeaders scans random headers in few and many versions, with
// targets of 0 to 7 leading zero bits, and counts the hits. As each is
// confirmed, it is enough to know their number from the oracle.
func testRandomHeaders(k *Kernel) error {
	rng := rand.New(rand.NewPCG(0x6861736865, 0x6c65617365))
	for i := range 8 * len(testedVersions) {
		var h Header
		for j := range h {
			h[j] = byte(rng.Uint32())
		}
		versions := make([]uint32, testedVersions[i/8])
		for j := range versions {
			versions[j] = rng.Uint32()
		}
		var target Target
		for j := range target {
			target[j] = byte(rng.Uint32())
		}
		zeros := i % 8
		target[31] = target[31]&0x7f>>zeros | 0x80>>zeros
		first, count := rng.Uint32()>>1, uint32(2*k.Lanes+1)

		s := k.NewScanner(&h, versions, target)
		for done := uint32(0); done < count; {
			hits, n := s.Scan(first+done, count-done)
			if want := countHits(&h, versions, target, first+done, n); len(hits) != want {
				return fmt.Errorf("random header %d: %d hits in %d nonces, want %d", i, len(hits), n, want)
			}
			done += n
		}
	}
	return nil
}

// countHits is the oracle's number of hits of a scan.
func countHits(h *Header, versions []uint32, t Target, nonce, count uint32) (n int) {
	g := *h
	for i := range count {
		g.SetNonce(nonce + i)
		for _, v := range versions {
			g.SetVersion(v)
			if g.Hash().Meets(t) {
				n++
			}
		}
	}
	return n
}
