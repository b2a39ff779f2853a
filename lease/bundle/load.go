package bundle

import (
	"fmt"

	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

// Limits of what is kept in memory, as parts of Options.MaxBytes: shifts to the
// right.
const (
	leavesShift   = 10 // leaves: a million by default
	jobsShift     = 11 // job leaves: half a million
	keptShift     = 5  // bytes of leaves other than of jobs and batches, and of reward blocks' jobs: 32 MiB
	openingsShift = 5  // bytes of openings: 32 MiB
	receiptsShift = 8  // receipts: four million
)

// Limits of small files.
const (
	maxRotations = 256
	maxGrowths   = 1024
	maxKeyLine   = 1 << 18
	maxOpening   = 1<<20 + 64
	maxTagLine   = 1 << 16
	maxTagProofs = 1 << 14
)

// load reads all files but that of headers. Its errors wrap ErrForm, or are of
// the context.
func (v *verifier) load() error {
	for _, step := range []func() error{
		v.loadStatement, v.loadKeys, v.loadProofs, v.loadLeaves, v.loadOpenings,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// loadStatement reads the statement; whose it is, is not known yet.
func (v *verifier) loadStatement() error {
	f := v.d.files[fileStatement]
	text, err := v.c.all(f)
	if err != nil {
		return err
	}
	if err := fewObjects(text); err != nil {
		return fmt.Errorf("%w: file %q: %w", ErrForm, f.name, err)
	}
	v.note = text
	line, _ := openDocument("statement", text, nil)
	if line == nil {
		_, err := openDocument("statement", text, nil)
		return fmt.Errorf("%w: file %q: %w", ErrForm, f.name, err)
	}
	if v.s, err = DecodeStatement(line); err != nil {
		v.s = nil
		return fmt.Errorf("%w: file %q: %w", ErrForm, f.name, err)
	}
	s := v.s
	if v.d.lease != "" && s.Lease != v.d.lease {
		return fmt.Errorf("%w: file %q is the statement of lease %.70q", ErrForm, f.name, s.Lease)
	}
	v.work, v.target = s.Target().Work(), s.Target()
	first, err := translog.NewVerifier(s.Origin, s.Provider[:])
	if err != nil {
		return fmt.Errorf("%w: file %q: %w", ErrForm, f.name, err)
	}
	v.id = &translog.Identity{Origin: s.Origin, Keys: []note.Verifier{first}}
	return nil
}

// loadKeys reads the rotations.
func (v *verifier) loadKeys() error {
	return v.c.eachLine(v.d.files[fileKeys], maxKeyLine, func(line []byte) error {
		if len(v.rotations) == maxRotations {
			return fmt.Errorf("more than %d changes of the key", maxRotations)
		}
		var r Rotation
		if err := decodeDocument("rotation", line, maxKeyLine, &r); err != nil {
			return err
		}
		v.rotations = append(v.rotations, r)
		return nil
	})
}

// loadProofs reads what proves other files, and the unsigned figures.
func (v *verifier) loadProofs() error {
	err := v.c.eachLine(v.d.files[fileGrowth], maxKeyLine, func(line []byte) error {
		var g Growth
		if err := decodeDocument("growth", line, maxKeyLine, &g); err != nil {
			return err
		}
		if len(v.growth) == maxGrowths || g.From < 1 || len(v.growth) > 0 && g.From <= v.growth[len(v.growth)-1].From {
			return fmt.Errorf("growth from %d leaves is not in order, or there are more than %d", g.From, maxGrowths)
		}
		v.growth = append(v.growth, g)
		return nil
	})
	if err != nil {
		return err
	}
	last := int64(-1)
	err = v.c.eachLine(v.d.files[fileTags], maxTagLine, func(line []byte) error {
		index, text, err := cutIndex(line)
		if err != nil {
			return err
		}
		if index < last || len(v.tagProofs) == maxTagProofs {
			return fmt.Errorf("tag proofs of leaf %d after those of leaf %d, or more than %d", index, last, maxTagProofs)
		}
		last = index
		p, err := translog.DecodeTagProof(text)
		if err != nil {
			return err
		}
		v.tagProofs = append(v.tagProofs, Tag{index, p})
		return nil
	})
	if err != nil {
		return err
	}
	if err := v.loadSplits(); err != nil {
		return err
	}
	f := v.d.files[fileDerived]
	if v.derived, err = v.c.all(f); err != nil {
		return err
	}
	if _, err := DecodeDerived(v.derived); err != nil {
		return fmt.Errorf("%w: file %q: %w", ErrForm, f.name, err)
	}
	return nil
}

// loadSplits reads the splits of blocks' jobs.
func (v *verifier) loadSplits() error {
	return v.c.eachLine(v.d.files[fileSplits], receipt.MaxSplitSize, func(line []byte) error {
		if err := fewObjects(line); err != nil {
			return err
		}
		s, err := receipt.DecodeSplit(line)
		if err != nil {
			return err
		}
		hash, err := s.Hash()
		if err != nil {
			return err
		}
		if _, ok := v.splits[hash]; ok {
			return fmt.Errorf("split %x is there twice", hash)
		}
		v.splits[hash] = s
		return nil
	})
}

// loadOpenings reads the openings of leaves that are kept.
func (v *verifier) loadOpenings() error {
	last, left := int64(-1), v.MaxBytes>>openingsShift
	return v.c.eachLine(v.d.files[fileOpenings], maxOpening, func(line []byte) error {
		index, text, err := cutIndex(line)
		if err != nil {
			return err
		}
		if err := ascending(&last, index); err != nil {
			return err
		}
		l := v.leafAt(index)
		if l == nil {
			return fmt.Errorf("it opens leaf %d, which is not here, or has nothing to open", index)
		}
		if left -= int64(len(text)); left < 0 {
			return fmt.Errorf("more than %d bytes of openings: ask for a shorter period, or allow more", v.MaxBytes>>openingsShift)
		}
		l.opening = append([]byte(nil), text...)
		return nil
	})
}
