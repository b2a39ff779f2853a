package bundle

import (
	"context"
	"sync"
)

// ordered gives what produce returns, until it returns nil, to work, on so many
// processors at once, and then to consume, in the order of produce. The first
// error ends it. Only work runs beside itself; it gets the number of its worker.
func ordered[T any](ctx context.Context, workers int, produce func() (*T, error), work func(worker int, t *T), consume func(t *T) error) error {
	if workers <= 1 {
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			t, err := produce()
			if t == nil || err != nil {
				return err
			}
			work(0, t)
			if err := consume(t); err != nil {
				return err
			}
		}
	}
	type item struct {
		t    *T
		err  error
		done chan struct{}
	}
	ctx, cancel := context.WithCancel(ctx)
	queue, todo := make(chan item, 2*workers), make(chan item, 2*workers)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() {
		defer close(queue)
		defer close(todo)
		for {
			t, err := produce()
			if t == nil && err == nil {
				return
			}
			i := item{t, err, make(chan struct{})}
			select {
			case queue <- i:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
			select {
			case todo <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	for worker := range workers {
		running.Go(func() {
			for i := range todo {
				if ctx.Err() == nil {
					work(worker, i.t)
				}
				close(i.done)
			}
		})
	}
	for i := range queue {
		if i.err != nil {
			return i.err
		}
		select {
		case <-i.done:
		case <-ctx.Done():
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := consume(i.t); err != nil {
			return err
		}
	}
	return ctx.Err()
}
