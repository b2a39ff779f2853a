package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/hashlease/hashlease/lease/bundle"
)

// heldBundle makes a bundle and verifies it as whoever gets it will: one that
// does not hold is not handed out. It returns what writes it.
func heldBundle(ctx context.Context, write func(io.Writer) error) (func(io.Writer) error, error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return nil, err
	}
	r := bundle.Verify(ctx, bytes.NewReader(b.Bytes()), int64(b.Len()), bundle.Options{})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if c := firstFailed(r); c != nil {
		return nil, withHint(fmt.Errorf("the bundle would not hold, and is not written: %s: %s", c.Name, c.Detail),
			"what is stored may be damaged: see \"hashlease log check\" and \"hashlease ledger check --all\"")
	}
	return writer(b.Bytes()), nil
}

// firstFailed is the first check that does not hold; nil: all hold.
func firstFailed(r *bundle.Report) *bundle.Check {
	for i := range r.Checks {
		if !r.Checks[i].OK {
			return &r.Checks[i]
		}
	}
	for _, l := range r.Leases {
		if c := firstFailed(l); c != nil {
			return c
		}
	}
	return nil
}
