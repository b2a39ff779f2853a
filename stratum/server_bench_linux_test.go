package stratum

import (
	"bytes"
	"context"
	"net"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// crowd is many workers without any memory in this program's heap.
type crowd struct {
	epoll int
	fds   []int
	buf   []byte
}

// newCrowd connects n workers to a server, and lets them log in. File
// descriptors bound n: each connection needs two here.
func newCrowd(b *testing.B, srv *Server, n int) *crowd {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		b.Fatal(err)
	}
	n = min(n, (int(files.Cur)-200)/2)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ln.Close() })
	var serving sync.WaitGroup
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { srv.Serve(context.Background(), conn) })
		}
	}()
	c := &crowd{buf: make([]byte, 64<<10)}
	if c.epoll, err = syscall.EpollCreate1(0); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		for _, fd := range c.fds {
			syscall.Close(fd)
		}
		syscall.Close(c.epoll)
		serving.Wait()
	})
	addr := ln.Addr().(*net.TCPAddr)
	for range n {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			b.Fatal(err)
		}
		c.fds = append(c.fds, fd)
		if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			b.Fatal(err)
		}
		if _, err := syscall.Write(fd, []byte(benchHello)); err != nil {
			b.Fatal(err)
		}
		if err := syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}); err != nil {
			b.Fatal(err)
		}
	}
	c.await(b, []byte(`{"id":3,"result":true`), len(c.fds))
	return c
}

// await reads until so many texts came.
func (c *crowd) await(b *testing.B, text []byte, n int) {
	events := make([]syscall.EpollEvent, 256)
	for n > 0 {
		k, err := syscall.EpollWait(c.epoll, events, 10_000)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || k == 0 {
			b.Fatalf("waiting for %d of %d: %v", n, len(c.fds), err)
		}
		for _, e := range events[:k] {
			m, err := syscall.Read(int(e.Fd), c.buf)
			if err != nil || m == 0 {
				b.Fatalf("connection closed: %v", err)
			}
			n -= bytes.Count(c.buf[:m], text)
		}
	}
}

// BenchmarkNotifyAll is a new block for ten thousand workers, from its
// publication until the last one has read it.
func BenchmarkNotifyAll(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			srv := benchServer(b, 12)
			c := newCrowd(b, srv, n)
			home := srv.cfg.Desk.Home()
			height := byte(1)
			for b.Loop() {
				height++
				home.Publish(benchJob(b, height, 12))
				c.await(b, []byte("mining.notify"), len(c.fds))
			}
			b.ReportMetric(float64(len(c.fds)), "workers")
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/block")
		})
	}
}

// BenchmarkIdleConns is the memory of a worker that has logged in and has a
// job: stacks and heap, as the system gave them.
func BenchmarkIdleConns(b *testing.B) {
	for range b.N {
		srv := benchServer(b, 12)
		before, stacksBefore := inUse(), stacks()
		c := newCrowd(b, srv, 10_000)
		used := inUse() - before
		b.ReportMetric(float64(used)/float64(len(c.fds)), "bytes/conn")
		b.ReportMetric(float64(stacks()-stacksBefore)/float64(len(c.fds)), "of-stacks/conn")
		b.ReportMetric(float64(len(c.fds)), "workers")
	}
}

// stacks returns the bytes of stacks.
func stacks() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.StackInuse)
}

// inUse returns the bytes of heap and stacks after collections, which also
// shrink stacks.
func inUse() int64 {
	for range 4 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
