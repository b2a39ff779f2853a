package dispatch

import (
	"log/slog"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// poolWork is a job of a pool, at which every header is a share, with a
// connection that is not made.
func poolWork(t *testing.T, d *Dispatcher) *work {
	t.Helper()
	client, err := stratum.NewClient(stratum.ClientConfig{Pools: []stratum.Pool{{URL: "stratum+tcp://pool.example:3333", User: "u"}}})
	if err != nil {
		t.Fatal(err)
	}
	w := testWork(t, "L-0001")
	w.template.Mask = 0
	w.template.Pool = &receipt.PoolJob{Extranonce1: make([]byte, 4), Extranonce2Size: 8}
	w.upstream = &upstream{d: d, client: client}
	w.job.Target, w.most = miner.MaxTarget, miner.MaxTarget
	w.job.CreatedMs = time.Now().UnixMilli()
	w.issued = &stratum.Issue{Job: w.issue(0).Job, Extranonce1: make([]byte, 4), Extranonce2Size: 8, Target: miner.MaxTarget}
	return w
}

// A pool may ask for easy shares, but not for more of them than receipts may
// be agreed on: or one that wants each hash would keep the node from working.
func TestPoolCannotAskForEveryHash(t *testing.T) {
	w := poolWork(t, &Dispatcher{})
	const hps = 10_000_000
	w.job.Target, w.most = proofTarget(hps, lease.DefaultProofMs), proofTarget(hps, lease.MinProofMs)
	for _, c := range []struct{ asked, want miner.Target }{
		{miner.MaxTarget, proofTarget(hps, lease.MinProofMs)},
		{proofTarget(hps, 1000), proofTarget(hps, 1000)},
		{miner.DifficultyOne, proofTarget(hps, lease.DefaultProofMs)},
	} {
		w.issued.Target = c.asked
		if got := w.search(); got != c.want {
			t.Errorf("the pool asks for %v: looking for %v, want %v", c.asked.Work(), got.Work(), c.want.Work())
		}
	}
}

// What comes after the pool's chain went on is neither counted nor sent to the
// pool, which could otherwise take it and say the chain goes on all the time.
// What solves a block is both.
func TestPoolGetsNothingUncounted(t *testing.T) {
	for _, c := range []struct {
		name            string
		stale, block    bool
		age             time.Duration // of the job
		counted, stales int
	}{
		{"in time", false, false, 0, 1, 0},
		{"late", true, false, 0, 0, 1},
		{"late, but a block", true, true, 0, 1, 0},
		{"on a job of before the machine slept", false, false, 3 * time.Hour, 0, 1},
		{"that solves a block, on such a job", false, true, 3 * time.Hour, 1, 0},
	} {
		d := &Dispatcher{Config: Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)}}
		d.commit.verdicts, d.commit.seen = make(map[lease.Verdict]uint64), make(headers)
		w := poolWork(t, d)
		w.network = miner.Target{}
		if c.block {
			w.network = miner.MaxTarget
		}
		w.job.CreatedMs -= c.age.Milliseconds()
		d.commit.seen.on(w.tip.prev, time.Now()).loaded = true
		issue := w.issue(0)
		header := issue.Header(make([]byte, 6), issue.Version, 0, 7)
		s := &found{work: w, ref: &stratum.Ref{Issue: issue, Extranonce2: make([]byte, 4)}, header: header, stale: c.stale, at: time.Now()}
		s.ref.Issue.Extranonce1 = make([]byte, 2)
		if err := d.judge(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		stales := d.commit.verdicts[lease.Verdict{Lease: "L-0001", Reason: lease.Stale}]
		if len(d.commit.receipts) != c.counted || int(stales) != c.stales {
			t.Errorf("%s: %d receipts and %d stale, want %d and %d", c.name, len(d.commit.receipts), stales, c.counted, c.stales)
		}
		sent := uint64(0)
		for _, n := range w.upstream.client.Stats().Unsent { // there is no connection
			sent += n
		}
		if sent != uint64(c.counted) {
			t.Errorf("%s: %d shares for the pool, want %d", c.name, sent, c.counted)
		}
	}
}

// A header counts once, on whichever connection's idea of the chain.
func TestHeaderCountsOnceAcrossTips(t *testing.T) {
	d := &Dispatcher{Config: Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)}}
	d.commit.verdicts, d.commit.seen = make(map[lease.Verdict]uint64), make(headers)
	w := poolWork(t, d)
	d.commit.seen.on(w.tip.prev, time.Now()).loaded = true
	issue := w.issue(0)
	header := issue.Header(make([]byte, 6), issue.Version, 0, 7)
	issue.Extranonce1 = make([]byte, 2)
	for range 2 {
		again := *w
		again.tip = &tip{prev: w.tip.prev} // the pool went to another block and back, or it is another lease
		s := &found{work: &again, ref: &stratum.Ref{Issue: issue, Extranonce2: make([]byte, 4)}, header: header, at: time.Now()}
		if err := d.judge(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.commit.receipts); n != 1 {
		t.Errorf("one header made %d receipts", n)
	}
}

// What is remembered is bounded, and the block in use is never forgotten.
func TestSeenIsBounded(t *testing.T) {
	h, now := make(headers), time.Unix(1_700_000_000, 0)
	home := h.on(miner.Hash{1}, now)
	for i := range 10 * maxSeen {
		now = now.Add(time.Millisecond)
		h.on(miner.Hash{2, byte(i), byte(i >> 8)}, now)
		if h.on(miner.Hash{1}, now) != home {
			t.Fatal("the block in use was forgotten")
		}
	}
	if len(h) > maxSeen {
		t.Errorf("%d blocks remembered, want at most %d", len(h), maxSeen)
	}
	h.on(miner.Hash{3}, now.Add(2*seenTime))
	if len(h) != 1 {
		t.Errorf("%d blocks remembered long after", len(h))
	}
}

// However a pool floods the node, what is kept of its jobs is bounded.
func TestPoolsJobsAreBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	var b budget
	kept, end := 0, now.Add(24*time.Hour)
	const size = 130_000
	for now.Before(end) {
		if wait := b.wait(size, now); wait > 0 {
			now = now.Add(wait)
			continue
		}
		kept += size
		now = now.Add(upstreamPause)
	}
	if most := jobsBurst + 24*60*60*jobsRate; kept > most || kept < most/2 {
		t.Errorf("%d bytes kept of a day's flood, want nearly %d", kept, most)
	}
	// A usual pool never waits.
	b = budget{}
	for range 24 * 60 * 4 {
		now = now.Add(15 * time.Second)
		if b.wait(8000, now) > 0 {
			t.Fatal("jobs of 8000 bytes every 15 seconds have to wait")
		}
	}
}
