// Package rpctest runs a real coin node for tests, btcd, bchd or bitcoind: a
// private regtest chain in a temporary directory, on loopback, gone with the
// test.
package rpctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Node is a running coin node.
type Node struct {
	URL        string // http://127.0.0.1:PORT, without user and password
	User, Pass string

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// User and password of every node.
const user, pass = "u", "p"

// startTimeout bounds how long a node may take to answer.
const startTimeout = 20 * time.Second

// Start runs the given binary of btcd, or of bchd, which takes the same
// flags, and returns when its RPC answers. The test fails when it does not.
// The node ends with the test, and with the test's process.
func Start(t testing.TB, binary string) *Node {
	t.Helper()
	return retry(t, binary, func(dir, rpc, peer string) []string {
		return []string{"--regtest", "--notls", "--nodnsseed", "--txindex",
			"--configfile=" + filepath.Join(dir, "none.conf"), "--datadir=" + filepath.Join(dir, "data"), "--logdir=" + filepath.Join(dir, "log"),
			"--rpcuser=" + user, "--rpcpass=" + pass, "--rpclisten=" + rpc, "--listen=" + peer}
	})
}

// StartBitcoind is Start for a bitcoind of the Bitcoin Core family. It has a
// wallet, and more flags of it may be given.
func StartBitcoind(t testing.TB, binary string, flags ...string) *Node {
	t.Helper()
	return retry(t, binary, func(dir, rpc, peer string) []string {
		_, rpcPort, _ := net.SplitHostPort(rpc)
		return append([]string{"-regtest", "-server", "-txindex", "-dbcache=16", "-datadir=" + dir,
			"-rpcuser=" + user, "-rpcpassword=" + pass, "-rpcport=" + rpcPort, "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1",
			"-bind=" + peer, "-dnsseed=0", "-fixedseeds=0", "-discover=0", "-listenonion=0", "-natpmp=0",
			"-fallbackfee=0.0001"}, flags...)
	})
}

// retry starts a node, with the flags for a directory and two addresses.
func retry(t testing.TB, binary string, flags func(dir, rpc, peer string) []string) *Node {
	t.Helper()
	var err error
	for range 3 { // another process may take a free port first
		var n *Node
		if n, err = start(t.TempDir(), binary, flags); err == nil {
			t.Cleanup(n.Stop)
			return n
		}
	}
	t.Fatal(err)
	return nil
}

func start(dir, binary string, flags func(dir, rpc, peer string) []string) (*Node, error) {
	rpc, err := freePort()
	if err != nil {
		return nil, err
	}
	peer, err := freePort()
	if err != nil {
		return nil, err
	}
	n := &Node{URL: "http://" + rpc, User: user, Pass: pass, done: make(chan struct{})}
	n.cmd = exec.Command(binary, flags(dir, rpc, peer)...)
	n.cmd.Env = append(os.Environ(), "HOME="+dir)
	n.cmd.SysProcAttr = dieWithParent()
	started := make(chan error, 1)
	go func() {
		// The kernel takes the end of the thread that started the node for
		// the end of the test, and hashing threads do end: keep it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := n.cmd.Start()
		started <- err
		if err == nil {
			n.cmd.Wait()
			close(n.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if err := n.wait(); err != nil {
		n.Stop()
		return nil, err
	}
	return n, nil
}

// freePort returns an address of loopback that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// wait returns when the node answers.
func (n *Node) wait() error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(startTimeout)
	for {
		_, err := n.call("getblockcount")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-n.done:
			return fmt.Errorf("%s ended at once: %v", n.cmd.Path, n.cmd.ProcessState)
		case <-deadline:
			return fmt.Errorf("%s does not answer: %w", n.cmd.Path, err)
		}
	}
}

// Stop ends the node. It may be called more than once.
func (n *Node) Stop() {
	n.cmd.Process.Kill()
	<-n.done
}

// Wallet is the node where calls about a wallet mean the one of that name.
func (n *Node) Wallet(name string) *Node {
	w := *n
	w.URL += "/wallet/" + url.PathEscape(name)
	return &w
}

// Call asks the node and returns its result; the test fails on an error.
func (n *Node) Call(t testing.TB, method string, params ...any) json.RawMessage {
	t.Helper()
	result, err := n.call(method, params...)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return result
}

func (n *Node) call(method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(n.User, n.Pass)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var reply struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.Unmarshal(b, &reply); err != nil {
		return nil, fmt.Errorf("%s: %.200s", resp.Status, b)
	}
	if reply.Error != nil {
		return nil, fmt.Errorf("%s", reply.Error.Message)
	}
	return reply.Result, nil
}
