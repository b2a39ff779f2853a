package transport_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/stratum/stratumtest"
	"github.com/hashlease/hashlease/stratum/transport"
)

// TestFaultyNetwork sends lines both ways, by every transport and behind a
// proxy, over a network that delivers byte by byte or in pieces.
func TestFaultyNetwork(t *testing.T) {
	l, err := transport.Listen(t.Context(), transport.ListenConfig{
		Addr:    "127.0.0.1:0",
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- l.Serve(context.Background(), func(_ context.Context, c net.Conn) {
			if c.RemoteAddr().String() == "203.0.113.7:1" {
				_, _ = io.Copy(c, c)
			}
		})
	}()
	text := strings.Repeat(`{"id":1,"method":"mining.ping","params":[]}`+"\n", 50)
	for _, scheme := range []string{"stratum+tcp", "ws"} {
		for seed := range uint64(5) {
			faults := stratumtest.Faults{Seed: seed, ShortReads: 1, PartialWrites: 5}
			c, err := transport.Dial(t.Context(), transport.Config{
				URL: scheme + "://" + l.Addr().String(),
				NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
					raw, err := new(net.Dialer).DialContext(ctx, network, address)
					if err != nil {
						return nil, err
					}
					c := stratumtest.NewFaultConn(raw, faults)
					_, err = io.WriteString(c, "PROXY TCP4 203.0.113.7 127.0.0.1 1 2\r\n")
					return c, err
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			sent := make(chan error, 1)
			go func() {
				_, err := io.WriteString(c, text)
				sent <- err
			}()
			got := make([]byte, len(text))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
				t.Errorf("%s, seed %d: %q, %v", scheme, seed, got, err)
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
			c.Close()
		}
	}
	l.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
