package tilehttp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

// maxKey bounds a verifier key, in bytes.
const maxKey = 1 << 10

// errLeaf ends the reading of leaves.
var errLeaf = errors.New("this leaf is enough")

// KeyText reads the verifier key that the log itself says it began with, as it
// says it. Whoever relies on it trusts whoever answers.
func (c *Client) KeyText(ctx context.Context) (string, error) {
	b, err := c.get(ctx, "key", maxKey)
	return strings.TrimSuffix(string(b), "\n"), err
}

// Key is KeyText as a key.
func (c *Client) Key(ctx context.Context) (note.Verifier, error) {
	text, err := c.KeyText(ctx)
	if err != nil {
		return nil, err
	}
	return translog.ParseVerifier(text)
}

// Rotations reads the changes of the log's key; a log that has none may have
// no list either.
func (c *Client) Rotations(ctx context.Context) ([]translog.Rotation, error) {
	b, err := c.get(ctx, "keys.jsonl", translog.MaxRotationList)
	if errors.Is(err, translog.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return translog.DecodeRotations(b)
}

// Identify returns what the log is known by when its first key is known, with
// the keys that came later, each of which the one before has named. It fails as
// translog.Identity.Rotate does.
func (c *Client) Identify(ctx context.Context, first note.Verifier) (translog.Identity, error) {
	id := translog.Identity{Origin: first.Name(), Keys: []note.Verifier{first}}
	all, err := c.Rotations(ctx)
	if err != nil {
		return id, err
	}
	return id.Follow(all, func(r *translog.Rotation, s *translog.Signed) (body []byte, err error) {
		if r.Index < 0 || r.Index >= s.N {
			return nil, fmt.Errorf("%s: leaf %d of %d: %w", c.base, r.Index, s.N, translog.ErrProof)
		}
		err = c.Leaves(ctx, s.Tree, r.Index, func(_ int64, b []byte) error {
			body = append([]byte(nil), b...)
			return errLeaf
		})
		if errors.Is(err, errLeaf) {
			err = nil
		}
		return body, err
	})
}
