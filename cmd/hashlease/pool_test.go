package main

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// scriptPools are the pools that scripts started.
type scriptPools struct {
	t  *testing.T // outlives the scripts
	mu sync.Mutex
	by map[string]*stratumtest.Pool
}

// start runs a pool and sets variables for it, NAME_TCP, NAME_SSL, NAME_WS
// and NAME_WSS for its addresses and NAME_CA for the file of its authority:
//
//	pool NAME
func (p *scriptPools) start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pool NAME")
	}
	// Easy enough for a miner that hardly gets a processor: it yields to all.
	pool := stratumtest.NewPool(p.t, stratumtest.Options{Difficulty: "0.00001"})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = make(map[string]*stratumtest.Pool)
	}
	p.by[ts.Getenv("WORK")+args[0]] = pool
	for _, scheme := range stratumtest.Schemes() {
		short := strings.ToUpper(strings.TrimPrefix(scheme, "stratum+"))
		ts.Setenv(args[0]+"_"+short, pool.URL(scheme))
	}
	ts.Setenv(args[0]+"_CA", pool.CAFile())
}

// check wants a pool to have accepted so many shares or more, and to have had
// nothing to object to:
//
//	accepted NAME MIN
func (p *scriptPools) check(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: accepted NAME MIN")
	}
	least, err := strconv.Atoi(args[1])
	ts.Check(err)
	p.mu.Lock()
	pool := p.by[ts.Getenv("WORK")+args[0]]
	p.mu.Unlock()
	if pool == nil {
		ts.Fatalf("no pool %s", args[0])
	}
	if n := pool.Accepted(); n < least {
		ts.Fatalf("the pool accepted %d shares, want %d", n, least)
	}
	if bad := pool.Rejected(); len(bad) > 0 {
		ts.Fatalf("the pool rejected shares: %v", bad)
	}
	if bad := pool.Misbehaviour(); len(bad) > 0 {
		ts.Fatalf("the miner misbehaved: %q", bad)
	}
}
