package bundle

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// checkHead checks who signed the checkpoint and what it follows. The keys that
// count are the one that the statement names and those that it handed over to.
func (v *verifier) checkHead() {
	err := v.takeRotations()
	if err == nil {
		var signed translog.Signed
		// After a change of the key only the last one signs.
		now := translog.Identity{Origin: v.id.Origin, Keys: v.id.Keys[len(v.id.Keys)-1:]}
		var text []byte
		if text, err = v.c.all(v.d.files[fileCheckpoint]); err == nil {
			if signed, err = now.Open(text); err == nil {
				v.head = &signed
				v.r.Checkpoint = Head{Origin: signed.Origin, Size: signed.N, Root: receipt.B32(signed.Hash)}
			}
		}
	}
	detail := ""
	if v.head != nil {
		detail = fmt.Sprintf("of %d leaves of the log %s, signed by its key", v.head.N, v.head.Origin)
		if n := len(v.rotations); n > 0 {
			detail += fmt.Sprintf(", to which %d former ones handed over", n)
		}
	}
	v.report("checkpoint", err, "%s", detail)
	v.pin("key", "provider's key", v.Key, v.s.Provider)
	v.checkWitnesses()
	v.checkSince()
	_, v.unsigned = openDocument("statement", v.note, v.id.Keys)
}

// takeRotations takes up the keys that came after the first one.
func (v *verifier) takeRotations() error {
	for i := range v.rotations {
		r := &v.rotations[i]
		l := v.leafAt(r.Index)
		if l == nil || l.kind != translog.KindKey {
			return fmt.Errorf("the key is said to have changed at leaf %d, which is not here, or no leaf of a key", r.Index)
		}
		next := translog.Identity{Origin: v.id.Origin, Keys: v.id.Keys[len(v.id.Keys)-1:]}
		after, err := next.Rotate([]byte(r.Checkpoint), r.Index, l.body, r.Proof)
		if err != nil {
			return fmt.Errorf("change of the key at leaf %d, which a former key must have signed: %w", r.Index, err)
		}
		v.id.Keys = append(v.id.Keys, after.Keys[len(after.Keys)-1])
	}
	return nil
}

// checkWitnesses checks that the witnesses given have cosigned.
func (v *verifier) checkWitnesses() {
	if len(v.Witnesses) == 0 {
		v.skip("witness", "that others are shown the same log: give the witnesses whom you trust")
		return
	}
	if v.head == nil {
		v.report("witness", errors.New("there is no checkpoint of the log that they could have signed"), "")
		return
	}
	signed, err := v.head.Cosignatures(v.Witnesses)
	var names []string
	for _, w := range v.Witnesses {
		found := false
		for _, c := range signed {
			if found = c.Witness == w.Name(); found {
				names = append(names, fmt.Sprintf("%s at %s", c.Witness, c.At.Format(time.RFC3339)))
				break
			}
		}
		if !found && err == nil {
			err = fmt.Errorf("the witness %s has not cosigned the checkpoint of %d leaves", w.Name(), v.head.N)
		}
	}
	v.report("witness", err, "cosigned by %s", strings.Join(names, ", "))
}

// checkSince checks that the log goes on from a checkpoint that was kept.
func (v *verifier) checkSince() {
	if len(v.Since) == 0 {
		v.skip("since", "that the log still has what it had when you looked last: give the checkpoint that you kept")
		return
	}
	if v.head == nil {
		v.report("since", errors.New("there is no checkpoint of the log that could follow"), "")
		return
	}
	before, err := v.id.Open(v.Since)
	if err == nil {
		err = v.follows(&before)
	}
	v.report("since", err, "the %d leaves are those of your checkpoint, and %d more", v.head.N, v.head.N-before.N)
}

// follows checks the bundle's checkpoint against an earlier one.
func (v *verifier) follows(before *translog.Signed) error {
	for i := range v.growth {
		if v.growth[i].From == before.N {
			return translog.CheckGrowth(before, v.head, v.growth[i].Proof)
		}
	}
	if before.N > 0 && before.N < v.head.N {
		return fmt.Errorf("the bundle does not prove that its %d leaves begin with the %d of the checkpoint that you kept: ask for one that does", v.head.N, before.N)
	}
	return translog.CheckGrowth(before, v.head, nil)
}

// checkProof checks that every leaf is in the tree of the checkpoint.
func (v *verifier) checkProof() {
	v.report("proof", v.prove(), "%d leaves are in the log of %d", len(v.indexes), v.r.Checkpoint.Size)
	v.hashes = nil
}

func (v *verifier) prove() error {
	if v.head == nil {
		return errors.New("there is no checkpoint of the log to prove leaves by")
	}
	f := v.d.files[fileProof]
	b, err := v.c.all(f)
	if err != nil {
		return err
	}
	proof, err := readHashes(f.name, b)
	if err != nil {
		return err
	}
	if n := len(v.indexes); n > 0 && v.indexes[n-1] >= v.head.N {
		return fmt.Errorf("leaf %d is not in the log of %d leaves that the checkpoint is signed for", v.indexes[n-1], v.head.N)
	}
	root, err := multiproof.Check(v.head.N, v.indexes, v.hashes, proof)
	if err != nil {
		return err
	}
	if root != v.head.Hash {
		return fmt.Errorf("leaves and proof give the root %v, the checkpoint has %v: a leaf was changed, moved or made up", root, v.head.Hash)
	}
	return nil
}

// checkLogged checks that the statement is in the log.
func (v *verifier) checkLogged() error {
	if v.statementLeaf() < 0 {
		return errors.New("no leaf here has the hash of the signed statement: it was not issued, or changed since")
	}
	return nil
}

// statementLeaf is the index of the statement's own leaf, -1 if it is not here.
func (v *verifier) statementLeaf() int64 {
	hash := StatementHash(v.note)
	for _, l := range v.ofKind(translog.KindStatement) {
		if s, err := v.readStatement(l); err == nil && s.Hash == hash && s.Number == v.s.Number {
			return l.index
		}
	}
	return -1
}

// readStatement reads a leaf of a statement of this lease and period.
func (v *verifier) readStatement(l *keptLeaf) (leaf.Statement, error) {
	s, _, err := leaf.Read[leaf.Statement](l.body, translog.KindStatement)
	switch p := &v.s.Period; {
	case err != nil:
		return s, fmt.Errorf("leaf %d: %w", l.index, err)
	case s.Lease != v.s.Lease || s.FromMs != p.FromMs || s.ToMs != p.ToMs:
		return s, fmt.Errorf("leaf %d is of the statement of lease %.70q from %d to %d, not of this one", l.index, s.Lease, s.FromMs, s.ToMs)
	}
	return s, nil
}

// checkSuperseded checks the statements of this lease and period one after the
// other.
func (v *verifier) checkSuperseded() error {
	number, hash := int64(0), receipt.B32{}
	for _, l := range v.ofKind(translog.KindStatement) {
		s, err := v.readStatement(l)
		if err != nil {
			return err
		}
		if s.Number != number+1 {
			return fmt.Errorf("leaf %d is of number %d, after number %d", l.index, s.Number, number)
		}
		if s.Number == v.s.Number && s.Number > 1 && (v.s.Supersedes == nil || *v.s.Supersedes != hash) {
			return fmt.Errorf("it does not supersede the statement of number %d that is in the log", number)
		}
		number, hash = s.Number, s.Hash
	}
	switch {
	case number > v.s.Number:
		return fmt.Errorf("number %d is superseded by number %d, which is in the log", v.s.Number, number)
	case number < v.s.Number:
		return fmt.Errorf("the last one in the log is of number %d, this is number %d", number, v.s.Number)
	}
	return nil
}

// checkOpenings checks that private parts are what leaves commit to.
func (v *verifier) checkOpenings() error {
	for i := range v.kept {
		l := &v.kept[i]
		if l.opening == nil {
			continue
		}
		e := translog.Entry{Body: l.body, Secret: l.opening}
		if err := e.Check(); err != nil {
			return fmt.Errorf("leaf %d: %w", l.index, err)
		}
	}
	return nil
}
