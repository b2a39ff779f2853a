package work

import (
	"fmt"

	"github.com/hashlease/hashlease/miner"
)

// VersionMask is the set of version bits that BIP320 leaves to miners.
const VersionMask = 0x1fffe000

// Issue is a job as it was handed to one worker. Everything that judges and
// credits the worker's shares of this job is fixed here, when it is sent.
type Issue struct {
	Job
	Extranonce1     []byte
	Extranonce2Size int          // bytes
	Mask            uint32       // version bits the worker may roll
	Target          miner.Target // shares at or below it count, with its work
	MinTime         uint32       // smallest ntime allowed, Unix seconds
	MaxTime         uint32       // largest ntime allowed, Unix seconds
}

// Share is a worker's answer to a job.
type Share struct {
	Extranonce2 []byte
	Time        uint32 // ntime, Unix seconds
	Nonce       uint32
	VersionBits uint32 // rolled bits, within the mask of the issue
	HasVersion  bool   // the sixth parameter was given; else the job's own bits count
}

// Check is the one judge of shares, for client, server and verifier alike. It
// rebuilds the header and compares its hash with the issue's target. The
// errors are *Error values with the codes of the protocol. Whether the hash
// was seen before is for Seen to say.
func (i *Issue) Check(s Share) (miner.Header, miner.Hash, error) {
	h, err := i.Rebuild(s)
	return i.judge(h, err)
}

// CheckOn is Check for a caller that has kept the merkle root of the share's
// extranonces, which is most of the work.
func (i *Issue) CheckOn(root miner.Hash, s Share) (miner.Header, miner.Hash, error) {
	h, err := i.rebuildOn(func() miner.Hash { return root }, s)
	return i.judge(h, err)
}

// judge compares a rebuilt header with the target.
func (i *Issue) judge(h miner.Header, err error) (miner.Header, miner.Hash, error) {
	if err != nil {
		return h, miner.Hash{}, err
	}
	hash := h.Hash()
	if !hash.Meets(i.Target) {
		return h, hash, lowDifficulty()
	}
	return h, hash, nil
}

func lowDifficulty() error { return &Error{Code: CodeLowDifficulty, Message: "Low difficulty share"} }

// Rebuild makes the header that a share stands for, checking everything but
// its hash.
func (i *Issue) Rebuild(s Share) (miner.Header, error) {
	return i.rebuildOn(func() miner.Hash {
		extranonce := make([]byte, 0, 32)
		return i.MerkleRoot(append(append(extranonce, i.Extranonce1...), s.Extranonce2...))
	}, s)
}

func (i *Issue) rebuildOn(root func() miner.Hash, s Share) (miner.Header, error) {
	version, err := i.version(&s)
	if err != nil {
		return miner.Header{}, err
	}
	return miner.NewHeader(version, i.PrevHash, root(), s.Time, i.Bits, s.Nonce), nil
}

// version is the version of a share's header, if the share keeps to what it may
// roll.
func (i *Issue) version(s *Share) (uint32, error) {
	if len(s.Extranonce2) != i.Extranonce2Size {
		return 0, &Error{Code: CodeOther,
			Message: fmt.Sprintf("Extranonce2 of %d bytes, want %d", len(s.Extranonce2), i.Extranonce2Size)}
	}
	if s.Time < i.MinTime || s.Time > i.MaxTime {
		return 0, &Error{Code: CodeOther,
			Message: fmt.Sprintf("Time %d out of range, want %d to %d", s.Time, i.MinTime, i.MaxTime)}
	}
	if !s.HasVersion {
		return i.Version, nil
	}
	if s.VersionBits&^i.Mask != 0 {
		return 0, &Error{Code: CodeOther,
			Message: fmt.Sprintf("Version bits %08x outside the mask %08x", s.VersionBits, i.Mask)}
	}
	return i.Version&^i.Mask | s.VersionBits, nil
}
