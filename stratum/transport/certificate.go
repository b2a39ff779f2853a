package transport

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// maxCertificate is the most bytes of a certificate or key file.
const maxCertificate = 1 << 20

// certificate is a pair of files that may change. The pair in use is the last
// one that was whole.
type certificate struct {
	certFile, keyFile string

	current atomic.Pointer[tls.Certificate]
	loads   atomic.Uint64
	errors  atomic.Uint64

	mu                sync.Mutex // held while files are read
	certText, keyText []byte     // of the pair in use
	damage            string     // of the last try
}

// load reads the files, compares them with the pair in use, and takes the new
// one if it is whole. news is false if there is nothing to tell: nothing
// changed, or only the damage that was told before.
//
// The texts are compared, not the times of the files: a time can stay the
// same, and both are small.
func (c *certificate) load() (news bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	certText, keyText, pair, err := c.read()
	if err != nil {
		c.errors.Add(1)
		news, c.damage = c.damage != err.Error(), err.Error()
		return news, err
	}
	c.damage = ""
	if pair == nil {
		return false, nil
	}
	c.certText, c.keyText = certText, keyText
	c.current.Store(pair)
	c.loads.Add(1)
	return true, nil
}

// read returns a nil pair if the files have the texts of the one in use.
func (c *certificate) read() (certText, keyText []byte, pair *tls.Certificate, err error) {
	if certText, err = readBounded(c.certFile); err != nil {
		return nil, nil, nil, fmt.Errorf("TLS certificate: %w", err)
	}
	if keyText, err = readBounded(c.keyFile); err != nil {
		return nil, nil, nil, fmt.Errorf("TLS key: %w", err)
	}
	if c.current.Load() != nil && bytes.Equal(certText, c.certText) && bytes.Equal(keyText, c.keyText) {
		return certText, keyText, nil, nil
	}
	p, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("TLS certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	return certText, keyText, &p, nil
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxCertificate+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxCertificate {
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxCertificate)
	}
	return b, nil
}

// until is when the certificate in use expires.
func (c *certificate) until() time.Time {
	if p := c.current.Load(); p != nil && p.Leaf != nil {
		return p.Leaf.NotAfter
	}
	return time.Time{}
}

// config is for handshakes, each with the pair in use at its time.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if p := c.current.Load(); p != nil {
				return p, nil
			}
			return nil, errors.New("no TLS certificate is loaded")
		},
	}
}
