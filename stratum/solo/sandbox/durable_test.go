package sandbox

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
)

func removeCache(t testing.TB, dir string) {
	t.Helper()
	if err := os.RemoveAll(cacheDir(dir)); err != nil {
		t.Fatal(err)
	}
}

// mineChain makes a chain in a new directory and returns the log's bytes, the
// end of each record and each block's hash.
func mineChain(t *testing.T, blocks int) (log []byte, ends []int64, hashes []miner.Hash) {
	t.Helper()
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	for range blocks {
		clk.tick(time.Second)
		hashes = append(hashes, mineOne(t, n, 0).hash)
		ends = append(ends, n.log.size)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(n.dir, "blocks.log"))
	if err != nil {
		t.Fatal(err)
	}
	return log, ends, hashes
}

// A log cut anywhere holds exactly the blocks whose records are whole, and
// takes new ones.
func TestLogCutAnywhere(t *testing.T) {
	log, ends, hashes := mineChain(t, 2)
	genesis := miner.Hash(log[len(logMagic):logHead])
	for cut := range len(log) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "blocks.log"), log[:cut])
		whole := 0
		for whole < len(ends) && int64(cut) >= ends[whole] {
			whole++
		}
		l, torn, err := openLog(dir, genesis)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		var got []miner.Hash
		collect := func(b []byte) error {
			got = append(got, miner.SHA256d(b[:80]))
			return nil
		}
		if _, err := l.each(collect); err != nil {
			t.Fatal(err)
		}
		if len(got) != whole || whole > 0 && got[whole-1] != hashes[whole-1] {
			t.Fatalf("cut at %d: %d blocks, want %d", cut, len(got), whole)
		}
		if cut >= int(logHead) && l.size+torn != int64(cut) {
			t.Fatalf("cut at %d: %d kept, %d torn", cut, l.size, torn)
		}
		if err := l.append([]byte("next")); err != nil {
			t.Fatal(err)
		}
		l.f.Close()
		if info, _ := os.Stat(filepath.Join(dir, "blocks.log")); info.Size() != l.size {
			t.Fatalf("cut at %d: file of %d bytes, log of %d", cut, info.Size(), l.size)
		}
	}
}

// The whole coin opens on logs that were cut or damaged around each boundary,
// with a cache from before or none, and goes on from the last whole block.
func TestOpenAfterDamage(t *testing.T) {
	log, ends, hashes := mineChain(t, 3)
	damage := func(at int64) []byte {
		b := append([]byte{}, log...)
		b[at] ^= 0x40
		return b
	}
	cases := map[string]struct {
		log  []byte
		keep int
	}{
		"whole":             {log, 3},
		"cut in head":       {log[:20], 0},
		"cut in length":     {log[:ends[1]+2], 2},
		"cut in checksum":   {log[:ends[1]+6], 2},
		"cut in block":      {log[:ends[2]-1], 2},
		"bad length":        {damage(ends[1]), 2},
		"huge length":       {damage(ends[1] + 3), 2},
		"bad checksum":      {damage(ends[1] + 5), 2},
		"bad block":         {damage(ends[2] - 9), 2},
		"zeros at the end":  {append(append([]byte{}, log...), make([]byte, 4096)...), 3},
		"head and nothing":  {log[:logHead], 0},
		"whole and garbage": {append(append([]byte{}, log...), "garbage"...), 3},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clk := newClock()
			clk.tick(time.Minute)
			n := open(t, t.TempDir(), clk)
			if err := n.Close(); err != nil { // leaves a clean cache of another log
				t.Fatal(err)
			}
			write(t, filepath.Join(n.dir, "blocks.log"), tc.log)
			n = open(t, n.dir, clk)
			hash, height := tip(t, n)
			if int(height) != tc.keep || tc.keep > 0 && hash != hashes[tc.keep-1] {
				t.Fatalf("tip %v at %d, want height %d", hash, height, tc.keep)
			}
			b := mineOne(t, n, 99)
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			n = open(t, n.dir, clk)
			if got, _ := tip(t, n); got != b.hash {
				t.Fatal("the block after the damage is lost")
			}
		})
	}
}

// A record that is broken while whole ones follow was not torn by a crash:
// nothing is cut off, and the error says where and what to do.
func TestDamageBeforeWholeBlocks(t *testing.T) {
	log, ends, _ := mineChain(t, 3)
	for name, tc := range map[string]struct{ record, at int64 }{
		"length":         {logHead, logHead},
		"longer":         {logHead, logHead + 1},
		"checksum":       {ends[0], ends[0] + 5},
		"block":          {ends[0], ends[1] - 1},
		"zeroed length":  {logHead, -logHead},
		"first of three": {logHead, logHead + 40},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := slices.Clone(log)
			if tc.at < 0 {
				clear(damaged[-tc.at:][:4])
			} else {
				damaged[tc.at] ^= 0x10
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "blocks.log")
			write(t, file, damaged)
			n, err := Open(Config{Dir: dir, Easiest: trivial})
			if err == nil {
				n.Close()
				t.Fatal("opened")
			}
			if want := fmt.Sprintf("truncate -s %d ", tc.record); !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
				t.Errorf("error %v, want %q in it", err, want)
			}
			if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, damaged) {
				t.Errorf("the log was changed: %v", err)
			}
		})
	}
}

// Whatever happens to the cache, the log makes it good.
func TestDamagedCache(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	for range 30 {
		clk.tick(time.Second)
		mineOne(t, n, 0)
	}
	want, _ := tip(t, n)
	for i := range 12 {
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(n.dir, "cache", "*"))
		if err != nil {
			t.Fatal(err)
		}
		meta, err := filepath.Glob(filepath.Join(n.dir, "cache", "metadata", "*"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, meta...)
		name := files[i%len(files)]
		if info, err := os.Stat(name); err != nil {
			t.Fatal(err)
		} else if info.IsDir() {
			os.RemoveAll(name)
		} else if i%2 == 0 {
			write(t, name, []byte("nonsense"))
		} else {
			os.Remove(name)
		}
		n = open(t, n.dir, clk)
		if got, _ := tip(t, n); got != want {
			t.Fatalf("after damage to %s the tip is %v", filepath.Base(name), got)
		}
		clk.tick(time.Second)
		want = mineOne(t, n, 0).hash
	}
}

// A child mines until it is killed; every block it was told is taken must be
// on the chain afterwards, whenever the kill came.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []miner.Hash
	for round := range 4 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
		cmd.Env = append(os.Environ(), "SANDBOX_TEST_CHILD="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for stop := 1 + rand.IntN(40); lines.Scan(); {
			text, ok := strings.CutPrefix(lines.Text(), "took ")
			if !ok {
				t.Fatalf("child: %s", lines.Text())
			}
			hash, err := miner.ParseHash(text)
			if err != nil {
				t.Fatal(err)
			}
			acknowledged = append(acknowledged, hash)
			if stop--; stop == 0 {
				cmd.Process.Kill() // and read on: what it still said counts too
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		n := open(t, dir, &testClock{time.Now()})
		for i, hash := range acknowledged {
			if p := locate(t, n, block{hash: hash}); !p.OnChain {
				t.Fatalf("round %d: acknowledged block %d of %d is lost", round, i, len(acknowledged))
			}
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKillChild is the child of TestKill.
func TestKillChild(t *testing.T) {
	dir := os.Getenv("SANDBOX_TEST_CHILD")
	if dir == "" {
		return // not the child
	}
	n := open(t, dir, &testClock{time.Now()})
	for {
		tmpl := template(t, n)
		b := solve(t, tmpl, 0)
		if err := n.Submit(t.Context(), b.raw); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("took %v\n", b.hash)
	}
}

func write(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
