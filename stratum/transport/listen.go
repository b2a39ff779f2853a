package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Defaults of ListenConfig.
const (
	DefaultHandshakeTime    = 15 * time.Second
	DefaultHandshakes       = 4096
	DefaultCertificateCheck = 30 * time.Second
)

// Keep-alive of accepted connections: a peer that vanished is noticed after
// 60 + 3 · 15 seconds. A server has something to say more often than that.
const (
	keepAliveIdle     = 60 * time.Second
	keepAliveInterval = 15 * time.Second
	keepAliveCount    = 3
)

// The pause after a failed accept, which doubles while they go on failing.
const (
	minAcceptPause = 5 * time.Millisecond
	maxAcceptPause = time.Second
)

// ListenConfig says what a Listener takes. Only Addr must be given.
type ListenConfig struct {
	Addr string // host:port; without a host: all addresses of the machine

	// CertFile and KeyFile are PEM files, the certificate first and then those
	// that lead to its authority. Without them TLS is closed at once. They are
	// looked at every CertificateCheck (0: DefaultCertificateCheck): a new pair
	// serves the connections after it, a damaged one is logged and ignored.
	CertFile, KeyFile string
	CertificateCheck  time.Duration

	// Proxies are the load balancers that may say, by the PROXY protocol
	// (versions 1 and 2), for whom they connect; see ParseProxies. With
	// ProxyRequired they have to: a proxy that is listed, but adds no header,
	// would let its clients write their own.
	Proxies       []netip.Prefix
	ProxyRequired bool

	// Admit, if given, is asked about each client's address, behind a proxy
	// too, before a handshake is paid for; its error closes the connection. It
	// must not block.
	Admit func(netip.Addr) error

	Origins   []string      // pages that may connect by WebSocket, see AcceptConfig
	LineLimit int           // bytes of a line in a WebSocket; 0: DefaultLineLimit
	Ping      time.Duration // between pings of a WebSocket; 0: DefaultPing

	HandshakeTime     time.Duration // for everything before the first line; 0: DefaultHandshakeTime
	Handshakes        int           // connections before their first line; 0: DefaultHandshakes
	HandshakesPerAddr int           // of them, from one IPv4 address or IPv6 /64; 0: half of Handshakes

	Log *slog.Logger // nil: nothing is logged
}

// Listener is one port for everything: plain Stratum, TLS, WebSockets without
// and with TLS, and all of them behind load balancers. The first bytes of a
// connection tell which.
type Listener struct {
	cfg      ListenConfig
	ln       net.Listener
	cert     *certificate // nil: no TLS
	tls      *tls.Config
	slots    *slots
	buffers  websocket.BufferPool
	log      *slog.Logger
	counters listenCounters
	wg       sync.WaitGroup // handshakes and handlers
	closing  sync.Once
	closed   chan struct{}
}

// Listen opens the port. The certificate, if there is one, has to be whole.
func Listen(ctx context.Context, cfg ListenConfig) (*Listener, error) {
	if cfg.Addr == "" {
		return nil, errors.New("listening: no address; want host:port, such as 127.0.0.1:3333")
	}
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount,
	}}
	ln, err := lc.Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	l, err := newListener(ln, cfg)
	if err != nil {
		ln.Close()
		return nil, fmt.Errorf("listening at %s: %w", cfg.Addr, err)
	}
	return l, nil
}

// newListener takes connections from ln, with cfg.Addr ignored.
func newListener(ln net.Listener, cfg ListenConfig) (*Listener, error) {
	if cfg.HandshakeTime <= 0 {
		cfg.HandshakeTime = DefaultHandshakeTime
	}
	if cfg.Handshakes <= 0 {
		cfg.Handshakes = DefaultHandshakes
	}
	if cfg.HandshakesPerAddr <= 0 {
		cfg.HandshakesPerAddr = max(cfg.Handshakes/2, 1)
	}
	if cfg.CertificateCheck <= 0 {
		cfg.CertificateCheck = DefaultCertificateCheck
	}
	l := &Listener{
		cfg:     cfg,
		ln:      ln,
		slots:   newSlots(cfg.Handshakes, cfg.HandshakesPerAddr),
		buffers: new(sync.Pool),
		log:     cfg.Log,
		closed:  make(chan struct{}),
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if (cfg.CertFile == "") != (cfg.KeyFile == "") {
		return nil, errors.New("TLS needs both a certificate and a key file")
	}
	if cfg.CertFile != "" {
		l.cert = &certificate{certFile: cfg.CertFile, keyFile: cfg.KeyFile}
		if _, err := l.cert.load(); err != nil {
			return nil, err
		}
		if until := l.cert.until(); until.Before(time.Now()) {
			l.log.Warn("the TLS certificate has expired, clients will not take it", "file", cfg.CertFile, "until", until)
		}
		l.tls = l.cert.config()
	}
	return l, nil
}

// Addr is where the port is.
func (l *Listener) Addr() net.Addr { return l.ln.Addr() }

// Serve hands every connection on to handle, in a goroutine of its own and as
// a *Conn, and closes it when handle returns. It ends with ctx or Close: then
// the context of all handlers ends, and Serve waits for them. It is called
// once. An error is that of a port which was closed by somebody else.
func (l *Listener) Serve(ctx context.Context, handle func(context.Context, net.Conn)) error {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer func() {
		cancel()
		stop()
		l.Close()
		l.wg.Wait()
	}()
	if l.cert != nil {
		l.wg.Go(l.watchCertificate)
	}
	for pause := time.Duration(0); ; {
		raw, err := l.ln.Accept()
		if err == nil {
			pause = 0
			l.take(ctx, raw, handle)
			continue
		}
		if l.isClosed() {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("listening: %w", err)
		}
		// Most likely file descriptors ran out; they come back as others leave.
		l.counters.acceptErrors.Add(1)
		if pause == 0 {
			l.log.Warn("cannot accept connections, trying again; raise the limit of open files if it lasts", "error", err)
		}
		pause = min(max(2*pause, minAcceptPause), maxAcceptPause)
		if !l.sleep(pause) {
			return nil
		}
	}
}

// take finds a slot for a new connection and sees to it elsewhere.
func (l *Listener) take(ctx context.Context, raw net.Conn, handle func(context.Context, net.Conn)) {
	l.counters.accepted.Add(1)
	s := &slot{conn: raw, since: time.Now()}
	remote := addrPort(raw.RemoteAddr()).Addr()
	trusted := l.isProxy(remote)
	if !trusted { // a proxy's connections are counted by the address behind it
		if err := l.admit(remote); err != nil {
			l.refuse(raw, err)
			return
		}
		s.key = slotKey(remote)
	}
	evicted, ok := l.slots.enter(s)
	if !ok {
		l.refuse(raw, &refusal{why: RefusedFull})
		return
	}
	if evicted != nil {
		l.refuse(evicted, &refusal{why: RefusedSlow})
	}
	l.wg.Add(1)
	go l.welcome(ctx, s, trusted, handle)
}

// Close closes the port, and every connection that is not handed on yet.
func (l *Listener) Close() error {
	err := net.ErrClosed
	l.closing.Do(func() {
		close(l.closed)
		err = l.ln.Close()
		l.slots.close()
	})
	return err
}

func (l *Listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// sleep reports whether the Listener is still open after d.
func (l *Listener) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-l.closed:
		return false
	case <-t.C:
		return true
	}
}

// ReloadCertificate looks at the certificate's files now, and reports whether
// there is a new pair. A damaged one is an error, and the old one goes on.
func (l *Listener) ReloadCertificate() (changed bool, err error) {
	if l.cert == nil {
		return false, nil
	}
	changed, err = l.cert.load()
	return changed && err == nil, err
}

// watchCertificate looks at the files until the Listener is closed.
func (l *Listener) watchCertificate() {
	for l.sleep(l.cfg.CertificateCheck) {
		switch news, err := l.cert.load(); {
		case err != nil && news:
			l.log.Error("new TLS certificate is damaged, the old one goes on", "error", err, "until", l.cert.until())
		case news:
			l.log.Info("new TLS certificate", "file", l.cert.certFile, "until", l.cert.until())
		}
	}
}
