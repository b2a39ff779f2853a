package transport

import (
	"context"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
)

// quiet is a port whose handler reads by the byte and says nothing.
func quiet(tb testing.TB, cfg ListenConfig, handle func(net.Conn)) *Listener {
	tb.Helper()
	cfg.Addr = "127.0.0.1:0"
	l, err := Listen(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Serve(context.Background(), func(_ context.Context, c net.Conn) { handle(c) }) }()
	tb.Cleanup(func() {
		l.Close()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return l
}

// BenchmarkWelcome connects, says a line, gets it back and leaves.
func BenchmarkWelcome(b *testing.B) {
	cfg, ca := withTLS(b, ListenConfig{})
	l := quiet(b, cfg, func(c net.Conn) {
		buf := make([]byte, 64)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	for _, scheme := range []string{"stratum+tcp", "stratum+ssl", "ws", "wss"} {
		b.Run(scheme, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := Dial(b.Context(), Config{URL: scheme + "://" + l.Addr().String(), CA: ca})
				if err != nil {
					b.Fatal(err)
				}
				line := []byte("{}\n")
				if _, err := c.Write(line); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, line); err != nil {
					b.Fatal(err)
				}
				c.Close()
			}
		})
	}
}

// BenchmarkIdle measures what a connection costs that has said its first line
// and waits: its goroutine, what Go keeps of the socket, and ours. The other
// end is in this process too; what is left of it when the server's end is gone
// is taken off.
func BenchmarkIdle(b *testing.B) {
	const conns = 1000
	memory := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	cfg, ca := withTLS(b, ListenConfig{})
	for _, scheme := range []string{"stratum+tcp", "stratum+ssl", "ws", "wss"} {
		b.Run(scheme, func(b *testing.B) {
			var sum float64
			for b.Loop() {
				var greeted sync.WaitGroup
				greeted.Add(conns)
				release := make(chan struct{})
				l := quiet(b, cfg, func(c net.Conn) {
					var one [1]byte
					_, _ = io.ReadFull(c, one[:])
					_, _ = c.Read(one[:])
					_, _ = c.Read(one[:])
					greeted.Done()
					_, _ = c.Read(one[:]) // waits
					<-release
				})
				clients := make([]net.Conn, conns)
				for i := range clients {
					c, err := Dial(b.Context(), Config{URL: scheme + "://" + l.Addr().String(), CA: ca})
					if err != nil {
						b.Fatal(err)
					}
					clients[i] = c
					if _, err := io.WriteString(c, "{}\n"); err != nil {
						b.Fatal(err)
					}
				}
				greeted.Wait()
				both := memory()
				close(release)
				for _, c := range clients { // cut, with our end kept
					switch c := c.(type) {
					case *wsConn:
						c.pinger.Stop()
						_ = c.ws.NetConn().Close()
					default:
						_ = c.Close()
					}
				}
				l.Close()
				l.wg.Wait()
				sum += float64(both-min(both, memory())) / conns
				runtime.KeepAlive(clients)
			}
			b.ReportMetric(sum/float64(b.N), "B/conn")
			b.ReportMetric(0, "ns/op")
		})
	}
}
