//go:build peers

package dispatch_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// TestDirectOutputsOnPeers lets real nodes adopt blocks that pay nineteen
// tenants and the house, while one more has to wait.
func TestDirectOutputsOnPeers(t *testing.T) {
	for _, name := range []string{"BTCD", "BCHD"} {
		t.Run(name, func(t *testing.T) {
			binary := os.Getenv(name)
			if binary == "" {
				t.Fatalf("%s must hold the path of its binary", name)
			}
			peer := rpctest.Start(t, binary)
			coin, err := rpc.New(rpc.Config{URLs: []string{peer.URL}, User: peer.User, Pass: peer.Pass})
			if err != nil {
				t.Fatal(err)
			}
			p := newPlant(t)
			p.coin.Close()
			p.under(t, func(t *lease.Terms) { t.Direct = &lease.Direct{MaxOutputs: lease.MaxDirectOutputs} })
			var leases []lease.Lease
			for i := range lease.MaxDirectOutputs {
				tenant := fmt.Sprintf("%c", 'a'+i)
				leases = append(leases, p.lease(t, tenant, p.capacity/40, 100))
				p.payTo(t, tenant, append([]byte{0x00, 20, byte(i)}, make([]byte, 19)...))
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			d, err := dispatch.New(ctx, dispatch.Config{
				Store: p.store, Node: coin, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 1, HouseProofMs: 200,
			})
			if err != nil {
				t.Fatal(err)
			}
			running, stop := context.WithCancel(ctx)
			ended := make(chan error, 1)
			go func() { ended <- d.Run(running) }()
			until(t, ctx, "a block has all outputs that there may be", func() bool {
				for _, b := range blocks(t, p.store, lease.Adopted) {
					doc := document(t, p.store, b)
					if pays := outputs(t, doc, b); len(pays) == lease.MaxDirectOutputs && len(doc.Direct) == len(pays)-1 {
						return true
					}
				}
				return false
			})
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			for _, b := range blocks(t, p.store, lease.Rejected) {
				if b.Reason != lease.Stale {
					t.Errorf("block %v was refused: %s", b.Hash, b.Reason)
				}
			}
			if err := ledger.Check(t.Context(), p.store); err != nil {
				t.Error(err)
			}
			for _, l := range leases[:3] {
				p.verify(t, l)
			}
		})
	}
}
