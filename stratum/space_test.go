package stratum

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/miner"
)

// TestSpacesAreDisjoint draws tasks from the spaces of several threads and
// proves that no header comes twice and that every hit would be a share.
func TestSpacesAreDisjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := &Issue{
			Job: Job{
				ID: "1", Coinb1: []byte{1}, Coinb2: []byte{2}, Bits: 0x1d00ffff, Time: 1000,
				Version: rapid.Uint32().Draw(t, "version"),
			},
			Extranonce1:     rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "extranonce1"),
			Extranonce2Size: rapid.IntRange(2, 16).Draw(t, "size"),
			Mask:            rapid.SampledFrom([]uint32{0, 0x2000, 0xe000, VersionMask}).Draw(t, "mask"),
			Target:          miner.MaxTarget,
			MinTime:         1000,
			MaxTime:         1000,
		}
		threads := rapid.IntRange(1, 4).Draw(t, "threads")
		start := rapid.Uint64().Draw(t, "start")
		var seen Seen
		for n := range threads {
			s := NewSpace(i, start+uint64(n), uint64(threads))
			for range 6 {
				task := s.Task(rapid.Uint64Range(0, 1<<33).Draw(t, "max"), "owner")
				versions := task.Versions
				if versions == nil {
					versions = []uint32{task.Header.Version()}
				}
				h := task.Header
				h.SetNonce(task.Nonce)
				h.SetVersion(versions[rapid.IntRange(0, len(versions)-1).Draw(t, "roll")])
				ref := task.Ref.(*Ref)
				got, hash, err := i.Check(ref.ShareOf(h))
				if err != nil || got != h || ref.Owner != "owner" {
					t.Fatalf("share of %s gives %s, %v", h, got, err)
				}
				if !seen.Add(hash) {
					t.Fatalf("header %s twice", h)
				}
			}
		}
	})
}

func TestSpaceStretches(t *testing.T) {
	i := vectorIssue(t)
	i.Mask = 0
	s := NewSpace(i, 0, 1)
	var headers []miner.Header
	for next := uint64(0); len(headers) < 2; {
		task := s.Task(1<<31+1, nil)
		if task.Versions != nil {
			t.Fatal("versions rolled without a mask")
		}
		if n := len(headers); n == 0 || headers[n-1] != task.Header {
			if n > 0 && next != 1<<32 {
				t.Fatalf("next header after %d nonces", next)
			}
			headers, next = append(headers, task.Header), 0
		}
		if uint64(task.Nonce) != next {
			t.Fatalf("nonce %d, want %d", task.Nonce, next)
		}
		next += task.Count
	}
	if task := NewSpace(i, 0, 1).Task(0, nil); task.Count != 1 {
		t.Errorf("%d nonces for a max of 0, want 1", task.Count)
	}
	i.Mask = VersionMask
	task := NewSpace(i, 0, 1).Task(1<<20, nil)
	if len(task.Versions) != maxRolled || task.Headers() != 1<<20 {
		t.Errorf("%d versions, %d headers; want %d, %d", len(task.Versions), task.Headers(), maxRolled, 1<<20)
	}
}

func TestRolledVersions(t *testing.T) {
	for _, c := range []struct {
		mask  uint32
		limit int
		want  int
	}{{0, 10, 0}, {VersionMask, 1, 0}, {0x2000, 10, 2}, {0xa000, 10, 4}, {VersionMask, 256, 256}, {0xffffffff, 5, 5}} {
		const version = 0x20400000
		got := RolledVersions(version, c.mask, c.limit)
		all := make(map[uint32]bool)
		for _, v := range got {
			if all[v] || (v^version)&^c.mask != 0 {
				t.Errorf("mask %08x: version %08x twice or outside", c.mask, v)
			}
			all[v] = true
		}
		if len(got) != c.want {
			t.Errorf("mask %08x: %d versions, want %d", c.mask, len(got), c.want)
		}
	}
}

func TestExtranonce2(t *testing.T) {
	for _, c := range []struct {
		n    uint64
		size int
		want string
	}{
		{0x0102030405060708, 8, "\x01\x02\x03\x04\x05\x06\x07\x08"},
		{0x0102030405060708, 2, "\x07\x08"},
		{1, 10, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"},
	} {
		if got := string(extranonce2(c.n, c.size)); got != c.want {
			t.Errorf("extranonce2(%x, %d) = %x, want %x", c.n, c.size, got, c.want)
		}
	}
}
