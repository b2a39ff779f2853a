//go:build peers

package main

import (
	"os"
	"testing"

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
