package stratum

import (
	"net"
	"testing"
	"time"
)

// fullSocket takes nothing at once.
type fullSocket struct{}

func (fullSocket) Read([]byte) (int, error)     { return 0, nil }
func (fullSocket) TryWrite([]byte) (int, error) { return 0, nil }

// patientConn takes everything in the end, and keeps the deadlines it got.
type patientConn struct {
	net.Conn
	written   int
	deadlines []time.Time
}

func (c *patientConn) RemoteAddr() net.Addr        { return nil }
func (c *patientConn) Write(p []byte) (int, error) { c.written += len(p); return len(p), nil }
func (c *patientConn) SetWriteDeadline(t time.Time) error {
	c.deadlines = append(c.deadlines, t)
	return nil
}

// TestWriteDeadline lets a peer be slow for once: the deadline of that write
// must not end a later one, which the socket would take at once.
func TestWriteDeadline(t *testing.T) {
	srv, err := NewServer(ServerConfig{Desk: &benchDesk{}})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	conn := new(patientConn)
	s := newSeat(srv, srv.shards[0], conn, 0, srv.clock())
	s.sock = fullSocket{}
	s.writing = true
	s.write([]byte("line\n"), true)
	if conn.written != 5 || s.writing || len(conn.deadlines) != 2 || conn.deadlines[0].IsZero() || !conn.deadlines[1].IsZero() {
		t.Errorf("%d bytes, writing %t, deadlines %v", conn.written, s.writing, conn.deadlines)
	}
	if n := srv.Stats().BytesOut; n != 5 {
		t.Errorf("%d bytes counted", n)
	}
}
