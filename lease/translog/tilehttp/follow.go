package tilehttp

import (
	"context"
	"fmt"

	"github.com/hashlease/hashlease/lease/translog"
)

// Follower keeps an eye on one log: each checkpoint must begin with the leaves
// of the one before.
type Follower struct {
	Client   *Client
	Identity translog.Identity
	// Seen keeps the last checkpoint that was found good. The first one is
	// taken on trust.
	Seen translog.Heads
}

// Next reads the log's checkpoint and checks it against the last one seen,
// which it then replaces. It fails with translog.Evidence for a history that
// was changed, and with the errors of Identity.Open; then what was seen stays.
func (f *Follower) Next(ctx context.Context) (translog.Signed, error) {
	seen, err := f.last(ctx)
	if err != nil {
		return translog.Signed{}, err
	}
	msg, err := f.Client.Checkpoint(ctx)
	if err != nil {
		return translog.Signed{}, err
	}
	now, err := f.Identity.Open(msg)
	if err != nil {
		return translog.Signed{}, err
	}
	if seen != nil {
		if err := translog.CheckPrefix(seen, &now, f.Client.Hashes(ctx, now.Tree)); err != nil {
			return translog.Signed{}, err
		}
	}
	return now, f.Seen.PutCheckpoint(ctx, now.Note)
}

// last returns the checkpoint that was seen last, or nil.
func (f *Follower) last(ctx context.Context) (*translog.Signed, error) {
	msg, err := f.Seen.Checkpoint(ctx)
	if err != nil || msg == nil {
		return nil, err
	}
	s, err := f.Identity.Open(msg)
	if err != nil {
		return nil, fmt.Errorf("last checkpoint seen: %w", err)
	}
	return &s, nil
}
