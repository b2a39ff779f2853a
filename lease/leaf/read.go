package leaf

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/translog"
)

// Public is a document that may be the public part of a leaf.
type Public interface {
	Terms | Lease | Job | Placement | Batch | Block | Transaction | Service | Statement | TagMap
}

// Private is a document that may be the private part of a leaf.
type Private interface {
	LeasePrivate | TransactionPrivate | lease.SettledHour | Evidence
}

// Read reads a leaf of a kind and its public part. Whatever the constructors of
// this package do not write is translog.ErrMalformed: another kind, an unknown, a
// missing or a repeated key, another spelling of the same, a figure that cannot
// be, a private part where there is none or the reverse.
func Read[T Public](body []byte, kind translog.Kind) (T, *translog.Leaf, error) {
	var doc T
	l, err := translog.DecodeLeaf(body)
	if err != nil {
		return doc, nil, err
	}
	if l.Kind != kind || kindOf(doc) != kind {
		return doc, nil, fmt.Errorf("%s leaf: %w: want one of kind %s, that says %T", l.Kind, translog.ErrMalformed, kind, doc)
	}
	if err := decode(l.Public, &doc); err != nil {
		return doc, nil, fmt.Errorf("%s leaf: %w", kind, err)
	}
	why, private := check(any(&doc))
	if why == "" && private != (l.Commitment != nil) {
		why = "it commits to a private part"
		if private {
			why = "it has no private part"
		}
	}
	if why != "" {
		return doc, nil, fmt.Errorf("%s leaf: %w: %s", kind, translog.ErrMalformed, why)
	}
	return doc, &l, nil
}

// Open reads the private part of a leaf from its opening. It fails with
// translog.ErrCommitment for one that the leaf does not commit to, and with
// translog.ErrMalformed as Read does.
func Open[T Private](l *translog.Leaf, opening []byte) (T, error) {
	var doc T
	o, err := translog.DecodeOpening(opening)
	if err != nil {
		return doc, err
	}
	if err := l.Check(&o); err != nil {
		return doc, err
	}
	if err := decode(o.Private, &doc); err != nil {
		return doc, fmt.Errorf("private part of a %s leaf: %w", l.Kind, err)
	}
	if why := checkPrivate(any(&doc)); why != "" {
		return doc, fmt.Errorf("private part of a %s leaf: %w: %s", l.Kind, translog.ErrMalformed, why)
	}
	return doc, nil
}

// decode reads the canonical JSON of a document, and nothing else.
func decode(text []byte, doc any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(doc); err != nil {
		return fmt.Errorf("%w: %w", translog.ErrMalformed, err)
	}
	again, err := lease.Canonical(doc)
	if err != nil {
		return fmt.Errorf("%w: %w", translog.ErrMalformed, err)
	}
	if !bytes.Equal(again, text) {
		return fmt.Errorf("%w: not the canonical JSON of what it says", translog.ErrMalformed)
	}
	return nil
}

// kindOf is the kind of the leaves that a document is the public part of.
func kindOf(doc any) translog.Kind {
	switch doc.(type) {
	case Terms:
		return translog.KindTerms
	case Lease:
		return translog.KindLease
	case Job:
		return translog.KindJob
	case Placement:
		return translog.KindPlacement
	case Batch:
		return translog.KindBatch
	case Block:
		return translog.KindBlock
	case Transaction:
		return translog.KindTransaction
	case Service:
		return translog.KindSLA
	case Statement:
		return translog.KindStatement
	}
	return translog.KindTagMap
}
