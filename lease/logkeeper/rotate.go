package logkeeper

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease/translog"
)

// errFound ends the search for a leaf.
var errFound = errors.New("found")

// Rotate carries out, or goes on with, the change to the next key. cfg has both
// keys in its Identity, the new one last, and both Signers; nobody else signs
// meanwhile. What it returns is the same however often it was cut short before.
func Rotate(ctx context.Context, cfg translog.Config, next *Next) (translog.Rotation, error) {
	l, err := translog.Open(ctx, cfg)
	if err != nil {
		return translog.Rotation{}, err
	}
	index, body, err := findKey(ctx, cfg.Storage, next)
	if err != nil {
		return translog.Rotation{}, err
	}
	if body == nil {
		e, err := translog.NewEntry(translog.KindKey, translog.NextKey{Key: next.Key}, nil, translog.Salt{})
		if err != nil {
			return translog.Rotation{}, err
		}
		if index, err = l.Append(ctx, e); err != nil {
			return translog.Rotation{}, err
		}
		body = e.Body
	}
	s := l.Last()
	if s.N <= index {
		if s, err = l.Sign(ctx); err != nil {
			return translog.Rotation{}, err
		}
	}
	proof, err := l.ProveLeaf(ctx, s.N, index)
	if err != nil {
		return translog.Rotation{}, err
	}
	former := translog.Identity{Origin: cfg.Identity.Origin, Keys: cfg.Identity.Keys[:len(cfg.Identity.Keys)-1]}
	if _, err := former.Rotate(s.Note, index, body, proof); err != nil {
		return translog.Rotation{}, fmt.Errorf("the change of the key that was begun: %w", err)
	}
	return translog.Rotation{Checkpoint: string(s.Note), Index: index, Proof: proof}, nil
}

// findKey searches for the leaf of the next key; its body is nil when there is
// none yet.
func findKey(ctx context.Context, s translog.Storage, next *Next) (index int64, body []byte, err error) {
	size, err := s.Size(ctx)
	if err != nil {
		return 0, nil, err
	}
	err = s.Read(ctx, min(next.From, size), max(0, size-next.From), func(i int64, e translog.Entry) error {
		if key, err := translog.KeyOf(e.Body); err != nil || key != next.Key {
			return nil // another leaf
		}
		index, body = i, append([]byte(nil), e.Body...)
		return errFound
	})
	if err != nil && !errors.Is(err, errFound) {
		return 0, nil, err
	}
	return index, body, nil
}
