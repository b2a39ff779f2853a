package transport

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// serial is the serial number of the certificate that the port shows.
func serial(t *testing.T, p *port) (int64, net.Conn) {
	t.Helper()
	c := tls.Client(p.dial(t), &tls.Config{InsecureSkipVerify: true}) // which one it is, is the question
	if err := c.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), c
}

func TestCertificateChanges(t *testing.T) {
	cfg, _ := withTLS(t, ListenConfig{})
	p := listen(t, cfg)
	n, old := serial(t, p)
	if n != 1 {
		t.Fatalf("serial number %d", n)
	}
	roundTrip(t, old, "{}\n")
	reload := func(wantChanged, wantErr bool, wantSerial int64) {
		t.Helper()
		if changed, err := p.ReloadCertificate(); changed != wantChanged || (err != nil) != wantErr {
			t.Errorf("%t, %v; want %t, error = %t", changed, err, wantChanged, wantErr)
		}
		n, c := serial(t, p)
		c.Close()
		if n != wantSerial {
			t.Errorf("serial number %d, want %d", n, wantSerial)
		}
		roundTrip(t, old, "{}\n")
	}
	reload(false, false, 1)
	whole, err := os.ReadFile(cfg.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	spare := filepath.Join(t.TempDir(), "spare.pem")
	writePair(t, cfg.CertFile, spare, 2) // the certificate is new, the key is not there yet
	reload(false, true, 1)
	reload(false, true, 1)
	if err := os.Rename(spare, cfg.KeyFile); err != nil {
		t.Fatal(err)
	}
	reload(true, false, 2)
	writeFile(t, cfg.KeyFile, whole[:len(whole)/2])
	reload(false, true, 2)
	if err := os.Remove(cfg.KeyFile); err != nil {
		t.Fatal(err)
	}
	reload(false, true, 2)
	writePair(t, cfg.CertFile, cfg.KeyFile, 3)
	reload(true, false, 3)
	writeFile(t, cfg.CertFile, bytes.Repeat([]byte("x"), maxCertificate+1))
	reload(false, true, 3)
	if s := p.Stats(); s.CertificateLoads != 3 || s.CertificateErrors != 5 {
		t.Errorf("%+v", s)
	}
	old.Close()
}

// TestCertificateWatched proves that files are looked at by themselves, and
// that the same damage is told once.
func TestCertificateWatched(t *testing.T) {
	var log bytes.Buffer
	cfg, _ := withTLS(t, ListenConfig{Log: slog.New(slog.NewTextHandler(&log, nil))})
	synctest.Test(t, func(t *testing.T) {
		l, err := newListener(newPipes(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		p := serve(t, l)
		look := func() {
			time.Sleep(DefaultCertificateCheck)
			synctest.Wait()
		}
		look()
		writeFile(t, cfg.KeyFile, nil)
		look()
		look()
		writePair(t, cfg.CertFile, cfg.KeyFile, 2)
		look()
		if s := p.Stats(); s.CertificateLoads != 2 || s.CertificateErrors != 2 {
			t.Errorf("%+v", s)
		}
		if n := l.cert.current.Load().Leaf.SerialNumber.Int64(); n != 2 {
			t.Errorf("serial number %d, want 2", n)
		}
	})
	if n := strings.Count(log.String(), "damaged"); n != 1 {
		t.Errorf("the damage is told %d times:\n%s", n, &log)
	}
	if n := strings.Count(log.String(), "new TLS certificate\""); n != 1 {
		t.Errorf("the new pair is told %d times:\n%s", n, &log)
	}
}

func TestOldTLSRefused(t *testing.T) {
	cfg, _ := withTLS(t, ListenConfig{})
	p := listen(t, cfg)
	c := tls.Client(p.dial(t), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err := c.HandshakeContext(t.Context()); err == nil {
		t.Error("TLS 1.1 is taken")
	}
	c = tls.Client(p.dial(t), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
	if err := c.HandshakeContext(t.Context()); err != nil {
		t.Error(err)
	}
}
