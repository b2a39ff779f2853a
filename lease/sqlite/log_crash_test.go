package sqlite

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leasetest"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

// logMore does what adds leaves, and signs for them.
func (w world) logMore(ctx context.Context, s *Store, n uint64) error {
	if n%4 == 0 {
		_, _, err := s.PutJobs(ctx, []lease.Template{{Body: fmt.Appendf(nil, `{"n":%d}`, n)}}, []lease.Job{{Lease: w.lease.ID, Target: w.job.Target}})
		if err != nil {
			return err
		}
	}
	if n%7 == 0 {
		issued, err := s.Statements(ctx, w.lease.ID)
		if err != nil {
			return err
		}
		text := fmt.Appendf(nil, "statement %d", len(issued)+1)
		st := lease.IssuedStatement{Lease: w.lease.ID, FromMs: 1, ToMs: 2, Number: int64(len(issued)) + 1, Hash: sha256.Sum256(text), Note: text}
		if _, err := s.PutStatement(ctx, st); err != nil {
			return err
		}
		_, err = s.ChangeLease(ctx, w.lease.ID, 0, func(l *lease.Lease) ([]lease.Event, error) {
			if k := len(l.Pauses); k > 0 && l.Pauses[k-1].ToMs == 0 {
				return nil, l.Resume(lease.PauseTenant, 1<<50+int64(k))
			}
			return nil, l.Pause(lease.PauseTenant, 1<<50+int64(len(l.Pauses)))
		})
		if err != nil {
			return err
		}
	}
	if n%6 == 0 {
		_, err := signLog(ctx, s)
		return err
	}
	return nil
}

// signLog opens the log, which checks it against its last checkpoint, and signs
// for what came since.
func signLog(ctx context.Context, s *Store) (translog.Signed, error) {
	const origin = "example.com/crash"
	key := ed25519.NewKeyFromSeed(slices.Repeat([]byte{1}, 32))
	signer, err := translog.NewSigner(origin, key)
	if err != nil {
		return translog.Signed{}, err
	}
	verifier, err := translog.NewVerifier(origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		return translog.Signed{}, err
	}
	l, err := translog.Open(ctx, translog.Config{
		Identity: translog.Identity{Origin: origin, Keys: []note.Verifier{verifier}}, Signers: []note.Signer{signer}, Storage: s.Log(),
	})
	if err != nil {
		return translog.Signed{}, err
	}
	signed, err := l.Sign(ctx)
	if err != nil {
		return signed, err
	}
	return signed, l.Audit(ctx)
}

// checkLogged checks that facts and leaves are there together, and what was
// signed for still is what it was.
func checkLogged(t *testing.T, s *Store) {
	t.Helper()
	if err := leasetest.CheckLog(t.Context(), s); err != nil {
		t.Error(err)
	}
	if _, err := signLog(t.Context(), s); err != nil {
		t.Error(err)
	}
}
