package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// What a trial prints: the first line says that the kernel is about to run,
// the second that it has and was right.
const (
	trialBegins = "testing kernel "
	trialPassed = "passed: kernel "
)

// trialVariable, set to off, has every self-test run in the process itself: for
// systems on which a program that starts another one may hang, as some
// emulators are.
const trialVariable = "HASHLEASE_KERNEL_TRIAL"

// trialTime is how long a trial may take; it needs some milliseconds, and some
// hundred where the processor is emulated.
const trialTime = 30 * time.Second

// tryKernel runs a kernel's self-test in a process of its own: if the
// processor does not know an instruction after all, that process dies, and
// not this one. The error says how. No error means that the kernel passed, or
// that no other process could be had, in which case the test in this one must
// do.
func (e *env) tryKernel(ctx context.Context, name string) error {
	if e.self == nil || e.lookup(trialVariable) == "off" {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	cmd := e.self(within, "kernels", "--test", name)
	stdout, stderr := capped{left: 4 << 10}, capped{left: 4 << 10}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	begun := strings.HasPrefix(stdout.String(), trialBegins+name+"\n")
	passed := strings.HasSuffix(stdout.String(), "\n"+trialPassed+name+"\n")
	switch {
	case !begun || err == nil && passed:
		return nil
	case errors.Is(within.Err(), context.DeadlineExceeded):
		return fmt.Errorf("it did not end in %v", trialTime)
	case err == nil:
		return errors.New("its process ended early")
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); first != "" {
		return fmt.Errorf("%.200s", strings.TrimPrefix(first, "hashlease: "))
	}
	return fmt.Errorf("its process ended: %w", err)
}

// testKernel is the other side of tryKernel.
func testKernel(w io.Writer, name string) error {
	k, err := miner.KernelByName(name)
	if err == nil {
		err = k.Supported()
	}
	if err != nil {
		return usage("%w", err)
	}
	if _, err := fmt.Fprintln(w, trialBegins+name); err != nil {
		return err
	}
	if err := miner.SelfTest(k); err != nil {
		return &coded{code: exitSelfTest, err: err}
	}
	_, err = fmt.Fprintln(w, trialPassed+name)
	return err
}

// capped keeps what is written to it as long as there is room.
type capped struct {
	bytes.Buffer
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	c.Buffer.Write(p[:n])
	return len(p), nil
}
