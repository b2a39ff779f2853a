//go:build peers

package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// TestNodeOnBtcd runs a node on a real btcd.
func TestNodeOnBtcd(t *testing.T) {
	binary := os.Getenv("BTCD")
	if binary == "" {
		t.Fatal("BTCD must hold the path of a btcd binary")
	}
	nodeOn(t, rpctest.Start(t, binary))
}

// TestRigOnBtcd lets a rig find blocks that a real btcd takes.
func TestRigOnBtcd(t *testing.T) {
	binary := os.Getenv("BTCD")
	if binary == "" {
		t.Fatal("BTCD must hold the path of a btcd binary")
	}
	peer := rpctest.Start(t, binary)
	data := filepath.Join(t.TempDir(), "data")
	vars := map[string]string{"HASHLEASE_COIN_USER": peer.User, "HASHLEASE_COIN_PASSWORD": peer.Pass}
	e, out, _ := testEnv()
	if code := run(t.Context(), e, []string{"rig", "add", "rig", "--data", data, "--json"}); code != exitOK {
		t.Fatalf("rig add: exit code %d", code)
	}
	var added struct{ Token string }
	if err := json.Unmarshal(out.Bytes(), &added); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	e, _, _ = testEnv()
	withVars(e, vars)
	open := make(chan struct{})
	log := &lookout{text: "rigs log in at stratum+tcp://", found: func() {
		select {
		case <-open:
		default:
			close(open)
		}
	}}
	e.stderr = log
	ended := make(chan int, 1)
	stopped, stop := context.WithCancel(ctx)
	go func() {
		ended <- run(stopped, e, []string{"node", "--data", data, "--coin-rpc", peer.URL, "--payout-address", "script:51",
			"--threads", "1", "--duty", "1", "--stratum", "127.0.0.1:0"})
	}()
	select {
	case <-open:
	case <-ctx.Done():
		t.Fatalf("no port: %s", log)
	}
	url := regexp.MustCompile(`stratum\+tcp://[0-9.:]+`).FindString(log.String())
	e, out, stderr := testEnv()
	if code := run(ctx, e, []string{"mine", "-o", url, "-u", "rig", "-p", added.Token, "-t", "1", "--run-for", "8s", "--json"}); code != exitOK {
		t.Fatalf("mine: exit code %d: %s", code, stderr)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Fatalf("node: exit code %d: %s", code, log)
	}
	found, rolled := rigBlocks(t, data)
	if len(found) == 0 || rolled == 0 {
		t.Errorf("the rig found %d blocks, %d with rolled versions: %s", len(found), rolled, out)
	}
	for _, b := range found {
		var verbose struct {
			Height        int64
			Confirmations int64
		}
		if err := json.Unmarshal(peer.Call(t, "getblock", b.Hash.String(), 1), &verbose); err != nil || verbose.Height != b.Height || verbose.Confirmations < 1 {
			t.Errorf("btcd says of block %v at height %d: %+v, %v", b.Hash, b.Height, verbose, err)
		}
	}
	t.Logf("%d blocks by the rig, %d with rolled versions", len(found), rolled)
}

// rigBlocks returns the blocks on the chain that no thread of the node found,
// and how many of them have rolled versions.
func rigBlocks(t *testing.T, data string) (found []lease.Block, rolled int) {
	t.Helper()
	p, err := openProvider(t.Context(), data, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	all, err := p.store.Blocks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.State == lease.Rejected || b.State == lease.Orphaned {
			t.Errorf("block %v is %s: %s", b.Hash, b.State, b.Reason)
		}
		if binary.BigEndian.Uint16(b.Extranonce) > miner.MaxThreads {
			found = append(found, b)
			if b.VersionBits != 0 {
				rolled++
			}
		}
	}
	return found, rolled
}
