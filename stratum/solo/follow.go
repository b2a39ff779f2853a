package solo

import (
	"context"
	"log/slog"
	"time"
)

// Bounds of Follow's pauses.
const (
	followFirst = 250 * time.Millisecond // after the first error, and between templates of one tip
	followMax   = 10 * time.Second       // after many errors
)

// Follow calls fn with the node's present template and then with every new
// one, telling whether it builds on another block than the one before. Errors
// of the node are logged and waited out with growing pauses, never returned.
// Follow ends with the error of fn, or with that of the context. fn must not
// change the template.
func Follow(ctx context.Context, node Node, log *slog.Logger, fn func(t *Template, tipChanged bool) error) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	var last *Template // the last one given to fn
	var wait = false   // the node is known to answer: wait for news of last
	var delay time.Duration
	for {
		t, err := next(ctx, node, last, wait)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			wait, delay = false, min(max(2*delay, followFirst), followMax)
			log.Warn("no block template", "err", err, "retry", delay)
			if !pause(ctx, delay) {
				return context.Cause(ctx)
			}
			continue
		}
		if delay > 0 {
			log.Info("block templates again", "height", t.Height)
			delay = 0
		}
		tipChanged := last == nil || t.PrevHash != last.PrevHash
		last, wait = t, true
		if err := fn(t, tipChanged); err != nil {
			return err
		}
	}
}

// next gets the next template. A node that answers a wait at once and without
// a new tip, again and again, is slowed down.
func next(ctx context.Context, node Node, last *Template, wait bool) (*Template, error) {
	if !wait {
		return node.Template(ctx)
	}
	start := time.Now()
	t, err := node.Wait(ctx, last)
	if err == nil && t.PrevHash == last.PrevHash {
		if rest := followFirst - time.Since(start); rest > 0 {
			pause(ctx, rest)
		}
	}
	return t, err
}
