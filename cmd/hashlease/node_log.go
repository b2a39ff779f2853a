package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/hashlease/hashlease/lease/logkeeper"
	"github.com/hashlease/hashlease/lease/portal"
	"github.com/hashlease/hashlease/lease/portal/verifier"
	"github.com/hashlease/hashlease/lease/translog/filelog"
)

// portalPort is where a node serves its portal.
type portalPort struct {
	handler  http.Handler
	listener net.Listener // nil: nowhere
}

// openLog takes over the signing of the log, and signs for what is there. A
// database that is older than what was signed is refused here, before anything
// is added to it.
func (n *node) openLog(ctx context.Context) (err error) {
	n.unlockLog, err = waitLog(ctx, n.lockLog)
	if errors.Is(err, errLogHeld) {
		return withHint(fmt.Errorf("log in %s: %w", n.dir, err), "stop what else works on this directory")
	}
	if err != nil {
		return err
	}
	peers, err := n.cfg.Log.peers()
	if err != nil {
		return usage("%w", err)
	}
	l, err := n.openLogToSign(ctx)
	if err != nil {
		return err
	}
	n.keeper = &logkeeper.Keeper{
		Log: l, Peers: peers, Logger: n.log,
		Every:    n.cfg.Log.every(),
		AskEvery: time.Duration(n.cfg.Log.WitnessSec) * time.Second,
		Cosigned: filelog.NewHeads(filepath.Join(n.dir, logCosignedFile)),
	}
	return nil
}

// keepLog signs until ctx ends. The channel is closed when it has ended.
func (n *node) keepLog(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.keeper.Run(ctx)
	}()
	return done
}

// openPortal opens the port where the log is served. It stays closed where the
// default one is taken, as by a second node: nobody asked for it.
func (n *node) openPortal(ctx context.Context) error {
	book, err := n.logBook()
	if err != nil {
		return err
	}
	n.say(fmt.Sprintf("log %s, %d leaves signed for, key %s", book.Origin, n.keeper.Log.Last().N, book.Keys[0].Key))
	c := &n.cfg.Portal
	if c.off() {
		return nil
	}
	if n.portal.handler, err = portal.New(portal.Config{
		Log: n.keeper.Log, Key: book.Keys[0].Key, Rotations: book.Rotations(), Verifier: verifier.NewHandler(),
		Failed: func(err error) { n.log.Error("the portal cannot read the log", "error", err) },
	}); err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	switch {
	case err == nil:
		n.portal.listener = l
		n.say(fmt.Sprintf("portal http://%s/, log http://%[1]s/log", l.Addr()))
		return nil
	case c.explicit:
		return withHint(err, "name another address in portal.listen, or \"off\"")
	}
	n.log.Warn("no portal: witnesses and auditors cannot read the log of this node; name an address of its own in portal.listen", "error", err)
	return nil
}

// servePortal answers until ctx ends. The channel is closed when it has ended.
func (n *node) servePortal(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if n.portal.listener == nil {
			return
		}
		if err := portal.Serve(ctx, n.portal.listener, n.portal.handler, n.log); err != nil {
			n.log.Error("the portal has ended", "error", err)
		}
	}()
	return done
}
