package stratumtest

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/hashlease/hashlease/stratum/transport"
)

// listen opens a port without TLS and one with it, and writes the authority's
// certificate into dir.
func (p *Pool) listen(dir string) (err error) {
	if p.ca, err = newAuthority(); err != nil {
		return err
	}
	p.caFile = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(p.caFile, p.ca.pem, 0o600); err != nil {
		return err
	}
	if p.plain, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.plain.Close()
		return err
	}
	p.secure = tls.NewListener(raw, &tls.Config{Certificates: []tls.Certificate{p.ca.leaf}, MinVersion: tls.VersionTLS12})
	for _, l := range []net.Listener{p.plain, p.secure} {
		p.wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				p.wg.Go(func() { p.welcome(c) })
			}
		})
	}
	return nil
}

// welcome finds out whether a connection is a WebSocket, and serves it.
func (p *Pool) welcome(raw net.Conn) {
	defer raw.Close()
	first := make([]byte, 1)
	_ = raw.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := raw.Read(first); err != nil {
		return
	}
	_ = raw.SetDeadline(time.Time{})
	var c net.Conn = &prefixed{Conn: raw, head: first}
	if first[0] == 'G' {
		ws, err := transport.Accept(c, transport.AcceptConfig{})
		if err != nil {
			return
		}
		c = ws
	}
	p.serve(c)
}

// prefixed is a connection with a byte put back.
type prefixed struct {
	net.Conn
	head []byte
}

func (c *prefixed) Read(b []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}
