package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/filelog"
	"github.com/hashlease/hashlease/lease/translog/witness"
)

// lockLog makes this process the one that signs. It fails with errLogHeld.
func (p *provider) lockLog() (unlock func(), err error) {
	name := filepath.Join(p.dir, logLockName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	held, err := lockFile(f)
	if err == nil {
		return func() { f.Close() }, nil
	}
	f.Close()
	if held {
		return nil, errLogHeld
	}
	return nil, fmt.Errorf("locking %s: %w", name, err)
}

// Another process that signs is waited for: a command does so for a moment, a
// running node every few seconds.
const (
	logWait = 30 * time.Second
	logPoll = 50 * time.Millisecond
)

// waitLog calls try until it does not fail with errLogHeld any more.
func waitLog[T any](ctx context.Context, try func() (T, error)) (T, error) {
	timer := time.NewTimer(logWait)
	defer timer.Stop()
	ticker := time.NewTicker(logPoll)
	defer ticker.Stop()
	for {
		got, err := try()
		if !errors.Is(err, errLogHeld) {
			return got, err
		}
		select {
		case <-ctx.Done():
			return got, ctx.Err()
		case <-timer.C:
			return got, fmt.Errorf("waited for %v: %w", logWait, err)
		case <-ticker.C:
		}
	}
}

// signLog signs for all leaves that there are. It fails with errLogHeld while a
// node runs, which does so by itself.
func (p *provider) signLog(ctx context.Context) (translog.Signed, error) {
	unlock, err := p.lockLog()
	if err != nil {
		return translog.Signed{}, err
	}
	defer unlock()
	l, err := p.openLogToSign(ctx)
	if err != nil {
		return translog.Signed{}, err
	}
	return l.Sign(ctx)
}

// lastCheckpoint is the one in the store; its Note is nil before the first.
func (p *provider) lastCheckpoint(ctx context.Context) (translog.Signed, error) {
	b, err := p.logBook()
	if err != nil {
		return translog.Signed{}, err
	}
	cfg, err := p.logConfigOf(&b)
	if err != nil {
		return translog.Signed{}, err
	}
	msg, err := cfg.Storage.Checkpoint(ctx)
	if err != nil || msg == nil {
		return translog.Signed{Checkpoint: translog.Checkpoint{Origin: b.Origin}}, err
	}
	return cfg.Identity.Open(msg)
}

// checkpointCovering returns a checkpoint that has the leaf at the index: the
// last one, or the next that a running node signs, or else one that this
// process signs. It has the cosignatures of those of the configured witnesses
// that answer.
func (p *provider) checkpointCovering(ctx context.Context, index int64) (translog.Signed, error) {
	s, err := waitLog(ctx, func() (translog.Signed, error) {
		s, err := p.lastCheckpoint(ctx)
		if err != nil || s.N > index {
			return s, err
		}
		return p.signLog(ctx)
	})
	switch {
	case errors.Is(err, errLogHeld):
		return s, withHint(fmt.Errorf("leaf %d is not signed for: %w", index, err), "the log of the node on %s tells why it does not sign", p.dir)
	case err != nil:
		return s, err
	case s.N <= index:
		return s, fmt.Errorf("leaf %d: %w: it has %d leaves", index, translog.ErrNotFound, s.N)
	}
	return p.cosigned(ctx, s)
}

// cosigned asks the configured witnesses for their word on a checkpoint. What
// does not come is not there.
func (p *provider) cosigned(ctx context.Context, s translog.Signed) (translog.Signed, error) {
	peers, err := p.logCfg.peers()
	if err != nil || len(peers) == 0 {
		return s, err
	}
	l, err := p.openLog(ctx)
	if err != nil {
		return s, err
	}
	s, _ = witness.Gather(ctx, peers, l, s)
	return s, ctx.Err()
}

// lastCosigned is the last checkpoint that witnesses have cosigned.
func (p *provider) lastCosigned(ctx context.Context, l *translog.Log) (translog.Signed, error) {
	msg, err := filelog.NewHeads(filepath.Join(p.dir, logCosignedFile)).Checkpoint(ctx)
	if err != nil {
		return translog.Signed{}, err
	}
	if msg == nil {
		return translog.Signed{}, withHint(errors.New("no witness has cosigned a checkpoint yet"), "log.witnesses names those that a node asks")
	}
	id := l.Identity()
	return id.Open(msg)
}
