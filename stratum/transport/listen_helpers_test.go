package transport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// writePair writes a certificate of its own authority, with a serial number
// to tell it by, and its key.
func writePair(t testing.TB, certFile, keyFile string, serial int64) (ca []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(serial),
		Subject:               pkix.Name{CommonName: "test"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	writeFile(t, certFile, ca)
	writeFile(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	return ca
}

func writeFile(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// withTLS adds a fresh certificate to cfg.
func withTLS(t testing.TB, cfg ListenConfig) (with ListenConfig, ca []byte) {
	t.Helper()
	dir := t.TempDir()
	cfg.CertFile, cfg.KeyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	return cfg, writePair(t, cfg.CertFile, cfg.KeyFile, 1)
}

// port is a Listener on the loopback whose handler echoes, and tells of each
// connection.
type port struct {
	*Listener
	infos chan Info
	stop  func() error // ends Serve and returns its error
}

func listen(t testing.TB, cfg ListenConfig) *port {
	t.Helper()
	cfg.Addr = "127.0.0.1:0"
	l, err := Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, l)
}

func serve(t testing.TB, l *Listener) *port {
	p := &port{Listener: l, infos: make(chan Info, 64)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- l.Serve(ctx, func(ctx context.Context, c net.Conn) {
			defer context.AfterFunc(ctx, func() { c.Close() })()
			p.infos <- c.(*Conn).Info()
			_, _ = io.Copy(c, c)
		})
	}()
	p.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return p
}

func (p *port) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// refused waits for the end of a connection and returns what came before it.
func refused(t testing.TB, c net.Conn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b, err := io.ReadAll(c)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Fatal("the connection stays open")
	}
	return string(b)
}

// pipes is a net.Listener of net.Pipes, for tests whose time is not real.
type pipes struct {
	conns chan net.Conn
	errs  chan error
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), errs: make(chan error), done: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case err := <-p.errs:
		return nil, err
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects from an address.
func (p *pipes) dial(from string) net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- &addressed{theirs, netip.MustParseAddrPort(from)}
	return ours
}

// addressed is a connection from a TCP address of one's choice.
type addressed struct {
	net.Conn
	from netip.AddrPort
}

func (a *addressed) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(a.from) }
