//go:build peers || core

package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// nodeOn runs a node on a real coin node, and checks that that has its blocks,
// that they pay the payout script, and that the bundle of a lease holds.
func nodeOn(t *testing.T, peer *rpctest.Node) {
	data := filepath.Join(t.TempDir(), "data")
	coin := []string{"--data", data, "--coin-rpc", peer.URL, "--payout-address", "script:51"}
	vars := map[string]string{"HASHLEASE_COIN_USER": peer.User, "HASHLEASE_COIN_PASSWORD": peer.Pass, "HASHLEASE_NODE_THREADS": "1"}

	try := func(args ...string) (code int, stdout, stderr string) {
		t.Helper()
		e, out, log := testEnv()
		withVars(e, vars)
		code = run(t.Context(), e, args)
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
	must("tenant", "add", "alice", "--data", data)
	terms := append([]string{"--tenant", "alice", "--rate", "10kH", "--proof-interval", "100ms"}, coin[:2]...)
	if code, _, stderr := try(append([]string{"lease", "add"}, terms...)...); code != exitOK {
		t.Fatalf("lease add before the first start: %s", stderr)
	}
	if code, _, stderr := try(append([]string{"node", "--run-for", "1s"}, coin...)...); code != exitUsage ||
		!strings.Contains(stderr, "are in sandbox, not btc/regtest") {
		t.Fatalf("a directory of the sandbox coin on regtest: exit code %d, %s", code, stderr)
	}

	// A directory that begins with the coin node.
	data = filepath.Join(t.TempDir(), "regtest")
	coin[1] = data
	var summary summaryDoc
	if err := json.Unmarshal([]byte(must(append([]string{"node", "--run-for", "1s", "--json"}, coin...)...)), &summary); err != nil {
		t.Fatal(err)
	}
	must("tenant", "add", "alice", "--data", data)
	must("lease", "add", "--tenant", "alice", "--rate", "10kH", "--proof-interval", "100ms", "--data", data)
	if err := json.Unmarshal([]byte(must(append([]string{"node", "--run-for", "5s", "--json"}, coin...)...)), &summary); err != nil {
		t.Fatal(err)
	}
	if summary.Blocks[lease.Adopted] == 0 {
		t.Errorf("no block was adopted: %+v", summary)
	}

	var height int
	if err := json.Unmarshal(peer.Call(t, "getblockcount"), &height); err != nil || height < summary.Blocks[lease.Adopted] {
		t.Errorf("the coin node is at height %d, the node has %v: %v", height, summary.Blocks, err)
	}
	var hash string
	if err := json.Unmarshal(peer.Call(t, "getblockhash", 1), &hash); err != nil {
		t.Fatal(err)
	}
	var raw string
	if err := json.Unmarshal(peer.Call(t, "getblock", hash, 0), &raw); err != nil || !strings.Contains(raw, "0151") {
		t.Errorf("block 1 does not pay script 51: %s, %v", raw, err)
	}

	bundle := filepath.Join(t.TempDir(), "bundle.zip")
	must("statement", "L-0001", "--data", data, "--format", "bundle", "-o", bundle)
	own := strings.Replace(peer.URL, "://", "://"+peer.User+":"+peer.Pass+"@", 1)
	if out := must("verify", bundle, "--coin-rpc", own); !strings.Contains(out, "VERIFIED against the key in the bundle itself: all") ||
		!regexp.MustCompile(`✓ chain +[1-9][0-9]* headers are those of your coin node`).MatchString(out) {
		t.Errorf("verify prints %s", out)
	}
	if terms := must("terms", "show", "--data", data, "--json"); !strings.Contains(terms, `"btc/regtest"`) {
		t.Errorf("the terms name another coin: %s", terms)
	}
	if code, _, stderr := try("tenant", "add", "bob", "--data", data, "--address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"); code != exitUsage ||
		!strings.Contains(stderr, "Bitcoin main network") {
		t.Errorf("an address of another network: exit code %d, %s", code, stderr)
	}
}
