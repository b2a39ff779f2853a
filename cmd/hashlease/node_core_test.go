//go:build core

package main

import (
	"os"
	"testing"

	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// TestNodeOnBitcoind runs a node on a real bitcoind.
func TestNodeOnBitcoind(t *testing.T) {
	binary := os.Getenv("BITCOIND")
	if binary == "" {
		t.Fatal("BITCOIND must hold the path of a bitcoind binary")
	}
	nodeOn(t, rpctest.StartBitcoind(t, binary))
}
