//go:build peers

package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// TestHiddenBlockOnBtcd lets a real btcd have a block with a lease's tag that the
// provider says nothing of, and asks it when the lease's bundle is verified.
func TestHiddenBlockOnBtcd(t *testing.T) {
	binary := os.Getenv("BTCD")
	if binary == "" {
		t.Fatal("BTCD must hold the path of a btcd binary")
	}
	data := filepath.Join(t.TempDir(), "data")
	vars := map[string]string{"HASHLEASE_NODE_THREADS": "1"}
	try := func(args ...string) (code int, stdout, stderr string) {
		t.Helper()
		e, out, log := testEnv()
		withVars(e, vars)
		code = run(t.Context(), e, append(args, "--data", data))
		return code, out.String(), log.String()
	}
	must := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := try(args...)
		if code != exitOK {
			t.Fatalf("%q: exit code %d\n%s%s", args, code, stdout, stderr)
		}
		return stdout
	}
	node := func(peer *rpctest.Node, duration string) {
		t.Helper()
		vars["HASHLEASE_COIN_USER"], vars["HASHLEASE_COIN_PASSWORD"] = peer.User, peer.Pass
		must("node", "--coin-rpc", peer.URL, "--payout-address", "script:51", "--stratum", "off", "--run-for", duration)
	}

	// The books begin on a chain of their own, so that the block can be the first
	// of the other one, where it may have any time.
	node(rpctest.Start(t, binary), "1s")
	must("tenant", "add", "alice")
	must("lease", "add", "--tenant", "alice", "--rate", "10kH", "--proof-interval", "100ms")
	peer := rpctest.Start(t, binary)
	var lease struct{ Tag string }
	if err := json.Unmarshal([]byte(must("lease", "show", "L-0001", "--json")), &lease); err != nil {
		t.Fatal(err)
	}
	hidden := mineHidden(t, peer, lease.Tag)
	node(peer, "5s")

	file := filepath.Join(t.TempDir(), "alice.bundle")
	must("statement", "L-0001", "--format", "bundle", "-o", file)
	verify := func(args ...string) (int, string) {
		t.Helper()
		e, out, _ := testEnv()
		code := run(t.Context(), e, append([]string{"verify", file}, args...))
		return code, out.String()
	}
	if code, out := verify(); code != exitOK {
		t.Errorf("without a coin node: exit code %d, %s", code, out)
	}
	own := strings.Replace(peer.URL, "://", "://"+peer.User+":"+peer.Pass+"@", 1)
	code, out := verify("--coin-rpc", own)
	if want := "a hidden block: the coinbase of " + hidden; code != exitUnverified || !strings.Contains(out, "✗ chain") || !strings.Contains(out, want) {
		t.Errorf("exit code %d, want %q in %s", code, want, out)
	}
}

// mineHidden mines the first block of a chain, as a provider would who tells
// nobody, a quarter of an hour ago.
func mineHidden(t *testing.T, peer *rpctest.Node, tag string) (hash string) {
	t.Helper()
	n, err := rpc.New(rpc.Config{URLs: []string{peer.URL}, User: peer.User, Pass: peer.Pass})
	if err != nil {
		t.Fatal(err)
	}
	template, err := n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := hex.DecodeString(tag)
	if err != nil || len(text) != solo.TagSize || template.Height != 1 {
		t.Fatalf("tag %q, template of height %d: %v", tag, template.Height, err)
	}
	job, err := solo.BuildJob(template, "1", [solo.TagSize]byte(text), []stratum.Output{{Value: template.CoinbaseValue, Script: []byte{0x51}}})
	if err != nil {
		t.Fatal(err)
	}
	target, err := job.Bits.Target()
	if err != nil {
		t.Fatal(err)
	}
	extranonce := make([]byte, 6)
	at := uint32(time.Now().Add(-15 * time.Minute).Unix())
	for nonce := uint32(0); ; nonce++ {
		h := job.Header(extranonce, job.Version, at, nonce)
		hash := h.Hash()
		if !hash.Meets(target) {
			continue
		}
		block, err := solo.AssembleBlock(template, job.Coinbase(extranonce), h)
		if err != nil {
			t.Fatal(err)
		}
		if err := solo.Adopt(t.Context(), n, block, hash, template.Height); err != nil {
			t.Fatal(err)
		}
		return hash.String()
	}
}
