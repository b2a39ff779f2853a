package main

import (
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

func TestParseCores(t *testing.T) {
	for text, want := range map[string][]int{
		"0": {0}, "3,1": {1, 3}, "4-7": {4, 5, 6, 7}, "2,4-5,0": {0, 2, 4, 5}, "65535": {65535},
	} {
		got, err := parseCores(strings.Split(text, ","))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "-1", "x", "1-", "5-4", "0-1024", "65536", "1-2-3", "+1"} {
		if got, err := parseCores([]string{text}); exitCode(err) != exitUsage {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestFormatCores(t *testing.T) {
	for want, cores := range map[string][]int{"": nil, "5": {5}, "0-1": {0, 1}, "0, 2-4, 9": {0, 2, 3, 4, 9}} {
		if got := formatCores(cores); got != want {
			t.Errorf("%v: %q, want %q", cores, got, want)
		}
	}
}

func TestContractCores(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("threads are kept on processors on Linux only")
	}
	// Three threads on two processors: 7 has two of them.
	node := []int{7, 3, 7}
	for _, c := range []struct {
		cores []int
		want  uint64 // 0: refused
	}{{[]int{7}, 666}, {[]int{3}, 333}, {[]int{3, 7}, 1000}, {[]int{0}, 0}, {[]int{3, 4}, 0}} {
		l := lease.Lease{Model: lease.VirtualHosted, Cores: c.cores}
		err := contractCores(&l, slices.Clone(node), 1000)
		if l.ContractedHps != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%v: %d H/s, %v; want %d", c.cores, l.ContractedHps, err, c.want)
		}
	}
	l := lease.Lease{Cores: []int{7}}
	if err := contractCores(&l, []int{7}, 1<<63); err != nil || l.ContractedHps != 1<<63 {
		t.Errorf("%d H/s, %v", l.ContractedHps, err)
	}
}

// A processor is let from the command line, to one tenant at a time.
func TestLeaseProcessor(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("threads are kept on processors on Linux only")
	}
	ctx, dir := t.Context(), t.TempDir()
	p, err := openProvider(ctx, dir, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.store.SetCapacity(ctx, 1_000_000); err != nil {
		t.Fatal(err)
	}
	p.close()
	e, stdout, stderr := testEnv()
	withVars(e, map[string]string{"HASHLEASE_NODE_THREADS": strconv.Itoa(len(nodeCores(0)) + 1)})
	hashlease := func(want int, args ...string) string {
		stdout.Reset()
		stderr.Reset()
		if code := run(ctx, e, append(args, "--data", dir)); code != want {
			t.Fatalf("%q: exit code %d, %s", args, code, stderr)
		}
		return stdout.String() + stderr.String()
	}
	core := strconv.Itoa(nodeCores(1)[0])
	hashlease(exitOK, "tenant", "add", "alice")
	out := hashlease(exitOK, "lease", "add", "--tenant", "alice", "--core", core)
	if !strings.Contains(out, "\nfor it alone: processor "+core+"\n") {
		t.Error(out)
	}
	out = hashlease(exitFailed, "lease", "add", "--tenant", "alice", "--core", core)
	if !strings.Contains(out, "processor "+core+" is another lease's, of L-0001") {
		t.Error(out)
	}
	if out = hashlease(exitOK, "lease", "show", "L-0001"); !strings.Contains(out, "\nmodel       virtual-hosted\n") {
		t.Error(out)
	}
	hashlease(exitOK, "lease", "close", "L-0001")
	hashlease(exitOK, "lease", "add", "--tenant", "alice", "--core", core)
}
