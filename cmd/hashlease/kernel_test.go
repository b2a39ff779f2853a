package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// trial is a program that takes the place of "hashlease kernels --test NAME",
// where the name says how it ends.
func trial() {
	name := os.Args[len(os.Args)-1]
	if name == "stranger" {
		fmt.Println("who is this?")
		os.Exit(1)
	}
	fmt.Println(trialBegins + name)
	switch name {
	case "crash":
		fmt.Fprintln(os.Stderr, "SIGILL: illegal instruction\nPC=0x123 m=0 sigcode=2\n\ngoroutine 1 [running]:")
		os.Exit(2)
	case "wrong":
		fmt.Fprintln(os.Stderr, "hashlease: kernel wrong failed its self-test: block mainnet 0: not found")
		os.Exit(exitSelfTest)
	case "silent":
		os.Exit(3)
	case "early":
		os.Exit(0)
	case "chatty":
		for range 100_000 {
			fmt.Fprint(os.Stderr, "SIGILL ")
		}
		os.Exit(2)
	}
	fmt.Println(trialPassed + name)
}

// trialEnv has a trial for a program.
func trialEnv(t *testing.T) *env {
	e, _, _ := testEnv()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e.self = func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, file, args...)
		cmd.Args[0] = "trial"
		return cmd
	}
	return e
}

func TestTryKernel(t *testing.T) {
	e := trialEnv(t)
	for name, want := range map[string]string{
		"passes":   "",
		"stranger": "", // not our program: nothing was learned
		"crash":    "SIGILL: illegal instruction",
		"wrong":    "kernel wrong failed its self-test: block mainnet 0: not found",
		"silent":   "its process ended: exit status 3",
		"early":    "its process ended early",
		"chatty":   "SIGILL SIGILL",
	} {
		err := e.tryKernel(t.Context(), name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) || err != nil && len(err.Error()) > 5000 {
			t.Errorf("%s: %.200v, want %q", name, err, want)
		}
	}
	e.self = func(ctx context.Context, args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, filepath.Join(t.TempDir(), "missing"), args...)
	}
	if err := e.tryKernel(t.Context(), "crash"); err != nil {
		t.Errorf("a process that could not be had: %v", err)
	}
	e.self = nil
	if err := e.tryKernel(t.Context(), "crash"); err != nil {
		t.Errorf("no processes at all: %v", err)
	}
}

func TestTestKernel(t *testing.T) {
	var out bytes.Buffer
	if err := testKernel(&out, "stdlib"); err != nil || out.String() != trialBegins+"stdlib\n"+trialPassed+"stdlib\n" {
		t.Errorf("%v, %q", err, &out)
	}
	if err := testKernel(&out, "abacus"); exitCode(err) != exitUsage {
		t.Errorf("an unknown kernel: %v", err)
	}
}

// What a choice costs is paid once; nothing that happens to the file matters.
func TestChooseKernelRemembers(t *testing.T) {
	e, _, _ := testEnv()
	now := time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC)
	e.now = func() time.Time { return now }
	dir := t.TempDir()
	e.cacheDir = func() (string, error) { return filepath.Join(dir, "cache"), nil }
	first, err := e.chooseKernel(t.Context(), "")
	if err != nil || first.Known || first.note != "" || !first.measured.IsZero() {
		t.Fatalf("%+v, %v", first, err)
	}
	last := first.Kernel.Name // on a busy machine another one may be the fastest the next time
	remembers := func(what string, want bool) {
		t.Helper()
		c, err := e.chooseKernel(t.Context(), "")
		if err != nil || c.Known != want || want && (c.Kernel.Name != last || !c.measured.Equal(now)) {
			t.Errorf("%s: %+v, %v; the last choice was %s", what, c, err, last)
			return
		}
		last = c.Kernel.Name
	}
	remembers("the second time", true)
	file := first.file
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string][]byte{
		"damaged": good[:len(good)/2],
		"empty":   nil,
		"huge":    append(bytes.Repeat([]byte(" "), maxKernelFile), good...),
		"foreign": []byte(`{"schema":"something-else/1","entries":[]}`),
		"zero":    bytes.ReplaceAll(good, []byte(`"hps": `), []byte(`"hps": 0, "x": `)),
		"another": bytes.ReplaceAll(good, []byte(`"key": "`), []byte(`"key": "0`)),
		"fewer":   bytes.ReplaceAll(good, []byte(`"generic"`), []byte(`"abacus"`)),
	} {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		remembers("a file that is "+what, false)
		remembers("mended", true)
	}

	// By name, nothing is measured, and the file is left alone.
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	forced, err := e.chooseKernel(t.Context(), "generic")
	if err != nil || !forced.Forced || forced.Kernel.Name != "generic" {
		t.Errorf("%+v, %v", forced, err)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed: %v", err)
	}

	// A directory in the file's place cannot be replaced.
	if err := errors.Join(os.Remove(file), os.MkdirAll(filepath.Join(file, "full"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if c, err := e.chooseKernel(t.Context(), ""); err != nil || c.Known || c.note == "" {
		t.Errorf("a directory: %+v, %v", c, err)
	}
	// No home is made where there is none.
	e.cacheDir = func() (string, error) { return filepath.Join(dir, "no-home", "cache"), nil }
	if c, err := e.chooseKernel(t.Context(), ""); err != nil || c.note == "" {
		t.Errorf("without a home: %+v, %v", c, err)
	}
	e.cacheDir = func() (string, error) { return "", errors.New("$HOME is not defined") }
	if c, err := e.chooseKernel(t.Context(), ""); err != nil || c.note != "$HOME is not defined" || c.file != "" {
		t.Errorf("without a variable: %+v, %v", c, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "no-home")); err == nil {
		t.Error("a home was made")
	}
}

func TestChooseKernelFails(t *testing.T) {
	e, _, _ := testEnv()
	if _, err := e.chooseKernel(t.Context(), "abacus"); exitCode(err) != exitUsage {
		t.Errorf("an unknown kernel: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.chooseKernel(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupt: %v", err)
	}
}

// The file keeps a few processors and programs, the newest first.
func TestKernelMemoryIsBounded(t *testing.T) {
	m := &kernelMemory{file: filepath.Join(t.TempDir(), "hashlease", "kernels.json")}
	all := []miner.Measurement{{Kernel: miner.Kernels()[0], Hps: 1000}, {Kernel: miner.Kernels()[1], Err: errors.New(strings.Repeat("ä\xff", 5000))}}
	for i := range 2 * maxKernelEntries {
		m.key = fmt.Sprint(i)
		if err := m.remember(all, time.Unix(int64(i), 0)); err != nil {
			t.Fatal(err)
		}
	}
	f := m.read()
	if len(f.Entries) != maxKernelEntries || f.Entries[0].Key != m.key {
		t.Errorf("%d entries, the first %q", len(f.Entries), f.Entries[0].Key)
	}
	got, at := m.recall()
	if len(got) != 2 || got[0].Hps != 1000 || got[1].Err == nil || at.Unix() != 2*maxKernelEntries-1 {
		t.Errorf("%+v of %v", got, at)
	}
}

func TestKernelBanner(t *testing.T) {
	kernels := miner.Kernels()
	a, b := kernels[0], kernels[1]
	for want, kc := range map[string]*kernelChoice{
		"kernel stdlib: 5.000 MH/s a thread, the fastest\n  slower: generic 1 MH/s": {
			Choice: &miner.Choice{Kernel: b, All: []miner.Measurement{{Kernel: a, Hps: 1e6}, {Kernel: b, Hps: 5e6, Chosen: true}}}},
		"kernel stdlib: 5.000 MH/s a thread, the fastest (measured on 2026-11-20)\n  not used: generic failed its self-test: SIGILL": {
			Choice: &miner.Choice{Kernel: b, Known: true, All: []miner.Measurement{
				{Kernel: a, Err: errors.New("kernel generic failed its self-test: SIGILL")}, {Kernel: b, Hps: 5e6, Chosen: true}}},
			measured: time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC)},
		"kernel generic: 1.000 MH/s a thread, chosen by name\n  others: stdlib 5 MH/s": {
			Choice: &miner.Choice{Kernel: a, Forced: true, All: []miner.Measurement{{Kernel: a, Hps: 1e6, Chosen: true}, {Kernel: b, Hps: 5e6}}}},
		"kernel generic, chosen by name": {
			Choice: &miner.Choice{Kernel: a, Forced: true, All: []miner.Measurement{{Kernel: a, Chosen: true}, {Kernel: b}}}},
	} {
		if got := strings.Join(kc.banner(), "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func FuzzParseKernelFile(f *testing.F) {
	f.Add([]byte(`{"schema":"hashlease-kernels/1","entries":[{"key":"00","cpu":"x","time":"2026-11-20T01:02:03Z","kernels":[{"name":"generic","hps":5},{"name":"avx512","error":"SIGILL"}]}]}`))
	f.Add([]byte(`{"schema":"hashlease-kernels/1"}`))
	f.Add([]byte(`{"schema":"hashlease-kernels/1"}{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := parseKernelFile(b)
		if err != nil {
			return
		}
		if len(file.Entries) > maxKernelEntries {
			t.Errorf("%d entries", len(file.Entries))
		}
		for _, e := range file.Entries {
			for _, m := range e.measurements() {
				if (m.Err == nil) == (m.Hps == 0) || m.Hps < 0 || m.Hps > maxKernelHps {
					t.Errorf("%+v", m)
				}
			}
		}
	})
}
