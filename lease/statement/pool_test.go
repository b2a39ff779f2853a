package statement

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// newPoolMemory is a node whose lease L-0001 works for a pool: thirty receipts
// of a job at half the pool's difficulty.
func newPoolMemory(t *testing.T) *memory {
	t.Helper()
	m := newMemory(t)
	m.lease.Pool = &lease.Pool{URLs: []string{"stratum+tcp://pool.example:3333", "stratum+tls://backup.example:443"}, User: "anna.w1", Password: "hush-hush"}
	script := slices.Concat([]byte{3, 1, 2, 3, 4, 0xaa, 0xbb, 0xcc, 0xdd}, make([]byte, 12), []byte("/pool/"))
	b1 := slices.Concat([]byte{1, 0, 0, 0, 1}, make([]byte, 32), []byte{0xff, 0xff, 0xff, 0xff, byte(len(script))}, script[:5])
	b2 := slices.Concat(script[21:], []byte{0xff, 0xff, 0xff, 0xff, 1}, binary.LittleEndian.AppendUint64(nil, reward), []byte{1, 0x51, 0, 0, 0, 0})
	doc, err := receipt.NewPoolTemplate(receipt.PoolInput{
		Issue: &stratum.Issue{
			Job:         stratum.Job{ID: "1", Coinb1: b1, Coinb2: b2, Bits: 0x1d00ffff, Version: 0x20000000, Time: startMs / 1000},
			Extranonce1: script[5:9], Extranonce2Size: 12, Mask: stratum.VersionMask,
			Target: miner.TargetForWork(miner.Hashes(50)), MinTime: startMs / 1000, MaxTime: startMs/1000 + 7200,
		},
		Pool: m.lease.Pool.URLs[0], Terms: m.lease.Terms,
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := doc.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m.templates = append(m.templates, lease.Template{Seq: 4, Height: doc.Height, Body: body})
	job := lease.Job{Seq: int64(len(m.jobs) + 1), Template: 4, Lease: "L-0001", Tag: m.lease.Tag,
		Target: miner.TargetForWork(miner.Hashes(25)), CreatedMs: startMs}
	m.jobs = append(m.jobs, job)
	m.all, m.blocks, m.books = nil, nil, nil
	extranonce := []byte{0, 1, 0, 0, 0, 9}
	issue := doc.Issue(job.Tag, job.Target, extranonce[:2])
	up := &m.meter.Upstream
	for nonce := uint32(0); len(m.all) < 30; nonce++ {
		_, hash, err := issue.Check(stratum.Share{Extranonce2: extranonce[2:], Time: startMs / 1000, Nonce: nonce, HasVersion: true})
		if err != nil {
			continue
		}
		m.all = append(m.all, lease.Receipt{Seq: int64(len(m.all) + 1), Lease: "L-0001", Job: job.Seq, CommitMs: startMs + int64(len(m.all)+1)*1000,
			Extranonce: extranonce, Time: startMs / 1000, Nonce: nonce, Work: job.Target.Work()})
		if pool := miner.Target(doc.Pool.Target); hash.Meets(pool) {
			up.Add(lease.Upstream{Sent: 1, Accepted: 1, SentWork: pool.Work(), AcceptedWork: pool.Work()})
		}
	}
	// Two shares more, of which one had no answer.
	up.Add(lease.Upstream{Sent: 2, Rejected: 1, SentWork: miner.Hashes(100)})
	m.meter.Counted = miner.Hashes(30 * 25)
	return m
}

func TestBuildPool(t *testing.T) {
	m := newPoolMemory(t)
	b := build(t, m)
	s := &b.Statement
	if s.Format != receipt.PoolStatementFormat || s.Pool == nil || s.Pool.Lost() != 1 || s.Pool.Rejected != 1 || s.Pool.User != "anna.w1" ||
		!slices.Equal(s.Pool.URLs, m.lease.Pool.URLs) || s.Pool.AcceptedWork.Work() != m.meter.Upstream.AcceptedWork {
		t.Errorf("%+v", s.Pool)
	}
	if s.Receipts != 30 || len(s.Rewards) != 0 || s.Balances != (receipt.Balances{}) {
		t.Errorf("%d receipts, rewards %v, balances %v", s.Receipts, s.Rewards, s.Balances)
	}
	data, err := b.Encode()
	if err != nil || bytes.Contains(data, []byte("hush")) {
		t.Errorf("the password is in the bundle, or %v", err)
	}
}

// Work for a pool that the lease was pointed to before holds, once the statement
// names it, and only then.
func TestBuildFormerPool(t *testing.T) {
	m := newPoolMemory(t)
	was := *m.lease.Pool
	for i, urls := range [][]string{was.URLs, {"stratum+tcp://between.example:3333"}, was.URLs} {
		e, err := lease.NewEvent(lease.EventLeasePool, m.lease.StartMs+int64(i), "", lease.LeaseRepointed{FromURLs: urls, FromUser: was.User})
		if err != nil {
			t.Fatal(err)
		}
		m.events = append(m.events, e.Of(&m.lease))
	}
	m.lease.Pool = &lease.Pool{URLs: []string{"stratum+tcp://other.example:3333"}, User: "anna.w2"}
	b := build(t, m)
	if f := b.Statement.Pool.Former; len(f) != 2 || f[0].User != "anna.w1" || !slices.Equal(f[0].URLs, was.URLs) || f[0].UntilMs != m.lease.StartMs+2 {
		t.Errorf("former accounts %+v", f)
	}
	var out bytes.Buffer
	if err := Text(&out, &b.Statement); err != nil || !strings.Contains(out.String(), "anna.w1 at stratum+tcp://pool.example:3333, ") {
		t.Errorf("%v\n%s", err, out.String())
	}
	holds := func(b *receipt.Bundle) bool {
		file, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		r := receipt.Verify(file, receipt.Options{})
		if !strings.Contains(strings.Join(r.Unchecked, "; "), "former ones: look whether they are yours") {
			t.Errorf("unchecked %q", r.Unchecked)
		}
		for _, c := range r.Checks {
			if c.Name == "jobs" {
				return c.OK
			}
		}
		return false
	}
	if !holds(b) {
		t.Error("work for a former pool is refused")
	}
	m.events = m.events[1:2]
	unknown, err := Build(context.Background(), Source{Store: m, Key: testKey("provider")}, "L-0001")
	if err != nil || holds(unknown) {
		t.Errorf("work for a pool that was never the lease's is taken: %v", err)
	}
}

// TestBuildPoolRefuses signs nothing that a verifier would refuse.
func TestBuildPoolRefuses(t *testing.T) {
	for name, change := range map[string]func(*memory){
		"a balance": func(m *memory) {
			m.books = append(m.books, lease.Balance{Account: "liab:anna:pending", Lease: "L-0001", Sat: -5})
		},
		"a part of a block": func(m *memory) {
			house := newMemory(t)
			m.blocks, m.books = house.blocks, house.books
		},
	} {
		m := newPoolMemory(t)
		change(m)
		_, err := Build(context.Background(), Source{Store: m, Key: testKey("provider")}, "L-0001")
		if err == nil || !strings.Contains(err.Error(), "nothing is signed") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestPoolTextGolden(t *testing.T) {
	b := build(t, newPoolMemory(t))
	var out bytes.Buffer
	if err := Text(&out, &b.Statement); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/pool_statement.txt"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("have:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestJudgement(t *testing.T) {
	for z, want := range map[int64]string{
		0: "0.000: within", -1960: "-1.960: within", 1961: "1.961: outside", -3999: "-3.999: outside", -4000: "-4.000: less than", 12_345: "12.345: more than",
	} {
		if got := milli(z) + ": " + judgement(z); !strings.HasPrefix(got, want) {
			t.Errorf("%d: %s, want %s", z, got, want)
		}
	}
}
