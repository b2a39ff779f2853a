package stratum

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// benchDesk lets everybody in and keeps nothing.
type benchDesk struct{ home *Lane }

func (d *benchDesk) Login(_ context.Context, l Login) (Grant, error) { return Grant{Name: l.User}, nil }
func (d *benchDesk) Home() *Lane                                     { return d.home }
func (d *benchDesk) Place(*Seat) *Lane                               { return d.home }
func (d *benchDesk) Accepted(*Accepted) error                        { return nil }
func (d *benchDesk) Refused(*Refused)                                {}
func (d *benchDesk) Left(*Seat)                                      {}

// benchServer is a server without limits that matter here, whose every hash is
// a share.
func benchServer(b *testing.B, branches int) *Server {
	d := &benchDesk{}
	s, err := NewServer(ServerConfig{Desk: d, Limits: Limits{
		MessageRate: 1e9, MessageBurst: 1e9, FairRate: 1e9, SharesPerBlock: 1e9, PerAddress: 1e6, InvalidPercent: 100,
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	d.home = s.NewLane("house")
	d.home.Publish(benchJob(b, 1, branches))
	return s
}

// benchJob has a coinbase of 250 bytes.
func benchJob(b *testing.B, height byte, branches int) LaneJob {
	j, err := ParseNotify([]byte(vectorNotify))
	if err != nil {
		b.Fatal(err)
	}
	j.PrevHash[0] = height
	j.Coinb2 = append(j.Coinb2, make([]byte, 250-6-len(j.Coinb1)-len(j.Coinb2))...)
	for i := range branches {
		j.Branches = append(j.Branches, miner.Hash{byte(i)})
	}
	return LaneJob{Job: *j, Mask: VersionMask, MinTime: j.Time, MaxTime: j.Time + 7200, Hardest: miner.MaxTarget}
}

const benchHello = `{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000"}]}` + "\n" +
	`{"id":2,"method":"mining.subscribe","params":["bench/1.0"]}` + "\n" +
	`{"id":3,"method":"mining.authorize","params":["rig.worker","x"]}` + "\n"

// benchSubmit returns a submit line and where its extranonce2 and nonce are.
func benchSubmit(id uint64) (line []byte, en2, nonce int) {
	line = fmt.Appendf(nil, `{"id": 4, "method": "mining.submit", "params": ["rig.worker", "%016x", "00000000", "6affdc7d", "00000000", "00002000"]}`+"\n", id)
	return line, bytes.Index(line, []byte(`"00000000"`)) + 1, bytes.LastIndex(line, []byte(`"00000000"`)) + 1
}

func putHex(dst []byte, n uint32) {
	const digits = "0123456789abcdef"
	for i := range 8 {
		dst[i] = digits[n>>(28-4*i)&15]
	}
}

// sink is a connection that takes everything.
type sink struct{ net.Conn }

func (sink) Write(p []byte) (int, error)      { return len(p), nil }
func (sink) SetWriteDeadline(time.Time) error { return nil }
func (sink) RemoteAddr() net.Addr             { return nil }
func (sink) Close() error                     { return nil }

// BenchmarkServerSubmit is everything a server does with the line of a share
// but reading and writing it.
func BenchmarkServerSubmit(b *testing.B) {
	for _, c := range []struct {
		name     string
		branches int
		fresh    bool // a new extranonce2 each time
	}{{"cached", 12, false}, {"no branches", 0, true}, {"12 branches", 12, true}} {
		b.Run(c.name, func(b *testing.B) {
			srv := benchServer(b, c.branches)
			now := srv.clock()
			s := newSeat(srv, srv.shards[0], sink{}, 0, now)
			s.now, s.s = now, new(scratch)
			for line := range strings.Lines(benchHello) {
				s.line([]byte(line))
			}
			line, en2, nonce := benchSubmit(s.jobs[0].id)
			n := uint32(0)
			b.ReportAllocs()
			for b.Loop() {
				n++
				at := nonce
				if c.fresh {
					at = en2
				}
				putHex(line[at:], n)
				s.line(line)
				s.s.replies = s.s.replies[:0]
				if n%(1<<16) == 0 { // as if a block came now and then
					s.claim.seen = nil
				}
			}
			if srv.Stats().Accepted != uint64(n) {
				b.Fatalf("%d of %d accepted: %v", srv.Stats().Accepted, n, srv.Stats().Refused)
			}
		})
	}
}

// BenchmarkPipelined sends shares over one connection as fast as it takes
// them, and reads the replies.
func BenchmarkPipelined(b *testing.B) {
	srv := benchServer(b, 12)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	go func() {
		if conn, err := ln.Accept(); err == nil {
			srv.Serve(context.Background(), conn)
		}
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(benchHello)); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 64<<10)
	for hello := []byte(nil); !bytes.Contains(hello, []byte(`{"id":3`)); {
		n, err := conn.Read(buf)
		if err != nil {
			b.Fatal(err)
		}
		hello = append(hello, buf[:n]...)
	}
	line, _, nonce := benchSubmit(srv.Seats()[0].jobs[0].id)
	all := make([]byte, 0, b.N*len(line))
	for n := range b.N {
		putHex(line[nonce:], uint32(n))
		all = append(all, line...)
	}
	b.ResetTimer()
	go func() { _, _ = conn.Write(all) }()
	for replies := 0; replies < b.N; {
		n, err := conn.Read(buf)
		if err != nil {
			b.Fatal(err)
		}
		replies += bytes.Count(buf[:n], []byte{'\n'})
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "replies/s")
	if st := srv.Stats(); st.Accepted != uint64(b.N) {
		b.Fatalf("%d of %d accepted", st.Accepted, b.N)
	}
}
