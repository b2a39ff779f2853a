package stratumtest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pieces writes text through faults and returns what arrived by each write.
func pieces(t *testing.T, f Faults, text string) (got []string, err error) {
	t.Helper()
	ours, theirs := net.Pipe()
	c := NewFaultConn(ours, f)
	sent := make(chan error, 1)
	go func() {
		n, err := c.Write([]byte(text))
		if err == nil && n != len(text) {
			err = io.ErrShortWrite
		}
		c.Close()
		sent <- err
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := theirs.Read(buf)
		if err != nil {
			return got, <-sent
		}
		got = append(got, string(buf[:n]))
	}
}

func TestPartialWrites(t *testing.T) {
	text := strings.Repeat("0123456789", 20)
	one, err := pieces(t, Faults{Seed: 1, PartialWrites: 7}, text)
	if err != nil || strings.Join(one, "") != text {
		t.Fatalf("%q, %v", one, err)
	}
	sizes := make(map[int]bool)
	for _, p := range one {
		sizes[len(p)] = true
		if len(p) > 7 {
			t.Errorf("a piece of %d bytes", len(p))
		}
	}
	if len(sizes) < 4 {
		t.Errorf("the pieces are alike: %q", one)
	}
	again, _ := pieces(t, Faults{Seed: 1, PartialWrites: 7}, text)
	other, _ := pieces(t, Faults{Seed: 2, PartialWrites: 7}, text)
	if strings.Join(one, "|") != strings.Join(again, "|") || strings.Join(one, "|") == strings.Join(other, "|") {
		t.Error("the seed does not decide")
	}
}

func TestShortReads(t *testing.T) {
	ours, theirs := net.Pipe()
	c := NewFaultConn(ours, Faults{ShortReads: 1})
	defer c.Close()
	go func() {
		_, _ = io.WriteString(theirs, "line\n")
		theirs.Close()
	}()
	for _, want := range "line\n" {
		b := make([]byte, 100)
		if n, err := c.Read(b); n != 1 || rune(b[0]) != want || err != nil {
			t.Fatalf("read %q, %v; want %q", b[:n], err, want)
		}
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%v, want the end", err)
	}
}

func TestDelays(t *testing.T) {
	took := func(seed uint64) (d time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			if got, err := pieces(t, Faults{Seed: seed, PartialWrites: 1, WriteDelay: time.Hour}, "0123456789"); err != nil || len(got) != 10 {
				t.Errorf("%q, %v", got, err)
			}
			d = time.Since(start)
		})
		return d
	}
	if a, b, c := took(1), took(1), took(2); a != b || a == c || a < time.Hour || a > 10*time.Hour {
		t.Errorf("%v, %v and, by another seed, %v", a, b, c)
	}
}

func TestReset(t *testing.T) {
	got, err := pieces(t, Faults{ResetAfterWrite: 4}, "0123456789")
	if strings.Join(got, "") != "0123" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, %v", got, err)
	}
	ours, theirs := net.Pipe()
	c := NewFaultConn(ours, Faults{ResetAfterRead: 4})
	gone := make(chan error, 1)
	go func() {
		_, err := io.WriteString(theirs, "0123456789")
		gone <- err
	}()
	b, err := io.ReadAll(c)
	if string(b) != "0123" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, %v", b, err)
	}
	if err := <-gone; err == nil {
		t.Error("the peer was not told")
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("written after the reset: %v", err)
	}
}

// TestResetOverTCP proves that the peer sees a reset and no goodbye.
func TestResetOverTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	raw, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	NewFaultConn(raw, Faults{}).Reset()
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the peer sees %v", err)
	}
}

func TestStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := NewFaultConn(ours, Faults{StallAfterRead: 3, StallAfterWrite: 2})
		go func() { _, _ = io.WriteString(theirs, "abcdef") }()
		b := make([]byte, 10)
		if n, err := c.Read(b); string(b[:n]) != "abc" || err != nil {
			t.Fatalf("%q, %v", b[:n], err)
		}
		// A deadline ends a stall, and another one may come.
		for range 2 {
			start := time.Now()
			_ = c.SetReadDeadline(start.Add(time.Minute))
			if _, err := c.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		}
		_ = c.SetReadDeadline(time.Time{})
		written := make(chan int, 1)
		go func() {
			n, _ := c.Write([]byte("wxyz"))
			written <- n
		}()
		peer := bufio.NewReader(theirs)
		if got, err := io.ReadAll(io.LimitReader(peer, 2)); string(got) != "wx" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		if !c.Stalled() {
			t.Fatal("no stall")
		}
		synctest.Wait()
		select {
		case <-written:
			t.Fatal("written past the stall")
		default:
		}
		c.Resume()
		if got, err := io.ReadAll(io.LimitReader(peer, 2)); string(got) != "yz" || err != nil || <-written != 4 {
			t.Fatalf("%q, %v", got, err)
		}
		if n, err := c.Read(b); string(b[:n]) != "def" || err != nil {
			t.Fatalf("%q, %v", b[:n], err)
		}
		c.Close()
	})
}

func TestCloseEndsStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		c := NewFaultConn(ours, Faults{StallAfterWrite: 1})
		done := make(chan error, 1)
		go func() {
			_, err := c.Write([]byte("xy"))
			done <- err
		}()
		_, _ = theirs.Read(make([]byte, 1))
		synctest.Wait()
		c.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
		if _, err := c.Write([]byte("z")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("written after the end: %v", err)
		}
	})
}

// TestGarbage proves that garbage stays between lines, whatever the pieces.
func TestGarbage(t *testing.T) {
	var lines []string
	for i := range 50 {
		lines = append(lines, `{"honest":`+strings.Repeat("1", i+1)+"}\n")
	}
	text := strings.Join(lines, "")
	for seed := range uint64(20) {
		got, err := pieces(t, Faults{Seed: seed, PartialWrites: 30, Garbage: 50}, text)
		if err != nil {
			t.Fatal(err)
		}
		var honest, other int
		for line := range strings.Lines(strings.Join(got, "")) {
			if honest < len(lines) && line == lines[honest] {
				honest++
			} else {
				other++
			}
		}
		if honest != len(lines) || other < 10 || other > 40 {
			t.Errorf("seed %d: %d honest lines and %d others", seed, honest, other)
		}
		again, _ := pieces(t, Faults{Seed: seed, PartialWrites: 30, Garbage: 50}, text)
		if strings.Join(got, "|") != strings.Join(again, "|") {
			t.Errorf("seed %d says different things", seed)
		}
	}
}

// TestNoFaults proves that the zero value changes nothing.
func TestNoFaults(t *testing.T) {
	text := strings.Repeat("line\n", 100)
	got, err := pieces(t, Faults{}, text)
	if err != nil || len(got) != 1 || got[0] != text {
		t.Errorf("%d pieces, %v", len(got), err)
	}
	ours, theirs := net.Pipe()
	go func() {
		_, _ = io.WriteString(theirs, text)
		theirs.Close()
	}()
	b, err := io.ReadAll(NewFaultConn(ours, Faults{}))
	if err != nil || !bytes.Equal(b, []byte(text)) {
		t.Errorf("%q, %v", b, err)
	}
}
