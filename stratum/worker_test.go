package stratum_test

import (
	"errors"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// desk takes shares and checks them.
type desk struct {
	t     *testing.T
	taken int
}

func (d *desk) Submit(i *stratum.Issue, s stratum.Share, _ func(stratum.Verdict)) {
	if _, _, err := i.Check(s); err != nil {
		d.t.Errorf("share: %v", err)
	}
	d.taken++
}

func testIssue(t *testing.T, id string, clean bool) *stratum.Issue {
	t.Helper()
	return &stratum.Issue{
		Job:         stratum.Job{ID: id, Coinb1: []byte(id), Coinb2: []byte{2}, Bits: 0x1d00ffff, Time: 1000, Clean: clean},
		Extranonce1: []byte{1}, Extranonce2Size: 4, Mask: stratum.VersionMask,
		Target: miner.MaxTarget, MinTime: 1000, MaxTime: 2000,
	}
}

func TestWorker(t *testing.T) {
	kicks := 0
	d := &desk{t: t}
	w := stratum.NewWorker(d, func() { kicks++ })
	if _, ok := w.Next(0, 1000); ok {
		t.Error("a task without work")
	}
	for _, step := range []struct {
		what  string
		issue *stratum.Issue
		kicks int
	}{
		{"the first", testIssue(t, "1", false), 1},
		{"one more of the same block", testIssue(t, "2", false), 1},
		{"a clean one", testIssue(t, "3", true), 2},
	} {
		w.Work(step.issue)
		if kicks != step.kicks {
			t.Errorf("%s: %d kicks, want %d", step.what, kicks, step.kicks)
		}
		var seen stratum.Seen
		for _, thread := range []int{0, 1, 7, 0, 7} {
			task, ok := w.Next(thread, 1<<16)
			if !ok || task.Ref.(*stratum.Ref).Issue != step.issue || task.Headers() != 1<<16 {
				t.Fatalf("%s: task %+v, %t", step.what, task, ok)
			}
			h := task.Header
			h.SetVersion(task.Versions[0])
			h.SetNonce(task.Nonce)
			if !seen.Add(h.Hash()) {
				t.Errorf("%s: thread %d repeats a header", step.what, thread)
			}
			w.Found(thread, &task, h)
			w.Done(thread, &task, task.Headers())
		}
	}
	other := testIssue(t, "4", false)
	other.PrevHash[0] = 1
	if w.Work(other); kicks != 3 {
		t.Errorf("another block, not called clean: %d kicks, want 3", kicks)
	}
	if w.Idle(errors.New("lost")); kicks != 4 {
		t.Errorf("idle: %d kicks, want 4", kicks)
	}
	if _, ok := w.Next(0, 1000); ok {
		t.Error("a task after the connection was lost")
	}
	if _, ok := w.Next(miner.MaxThreads, 1000); ok {
		t.Error("a task for a thread beyond the most there can be")
	}
	w.Found(0, &miner.Task{Ref: "not ours"}, miner.Header{})
	if s := w.Stats(); s.Hashes != 15<<16 || s.Found != 15 || s.Jobs != 4 || d.taken != 15 {
		t.Errorf("%+v, %d shares", s, d.taken)
	}
}

// TestPoolJudges proves that the test pool itself refuses what it should.
func TestPoolJudges(t *testing.T) {
	p := stratumtest.NewPool(t, stratumtest.Options{InMemory: true, Difficulty: easy})
	conn, err := p.Dial(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := stratum.NewReader(conn, 0)
	var issue *stratum.Issue
	var mask uint32
	target := difficulty(t, easy).PoolTarget()
	id := uint64(0)
	call := func(method, params string) (m stratum.Message) {
		t.Helper()
		id++
		go func(line []byte) { _, _ = conn.Write(line) }(stratum.AppendRequest(nil, id, method, []byte(params)))
		for {
			m, err := r.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := m.NumericID(); ok && got == id && m.IsReply() {
				return m
			}
		}
	}
	submit := func(user, job string, s stratum.Share) string {
		m := call(stratum.MethodSubmit, string(stratum.AppendSubmit(nil, &stratum.Submit{User: user, JobID: job, Share: s})))
		if e := m.Verdict(); e != nil {
			return e.Reason()
		}
		return ""
	}
	m := call(stratum.MethodConfigure, string(stratum.AppendConfigure(nil, stratum.VersionMask)))
	if mask, err = stratum.ParseConfigured(m.Result); err != nil {
		t.Fatal(err)
	}
	m = call(stratum.MethodSubscribe, `["test"]`)
	sub, err := stratum.ParseSubscription(m.Result)
	if err != nil {
		t.Fatal(err)
	}
	for issue == nil {
		m, err := r.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if m.Method == stratum.MethodNotify {
			j, err := stratum.ParseNotify(m.Params)
			if err != nil {
				t.Fatal(err)
			}
			issue = &stratum.Issue{Job: *j, Extranonce1: sub.Extranonce1, Extranonce2Size: sub.Extranonce2Size, Mask: mask,
				Target: target, MinTime: j.Time, MaxTime: j.Time}
		}
	}
	if _, err := stratum.ParseCoinbase(issue.Coinbase(make([]byte, len(sub.Extranonce1)+sub.Extranonce2Size))); err != nil {
		t.Errorf("the pool's coinbase: %v", err)
	}
	share := solve(t, issue, 0)
	low := share
	low.Nonce++
	for _, c := range []struct {
		user, job string
		share     stratum.Share
		want      string
	}{
		{"u", issue.ID, share, "unauthorized"},
		{"", "", share, ""}, // authorize
		{"u", issue.ID, share, ""},
		{"u", issue.ID, share, "duplicate"},
		{"v", issue.ID, share, "unauthorized"},
		{"u", "ffff", share, "stale"},
		{"u", issue.ID, low, "low-difficulty"},
		{"u", issue.ID, stratum.Share{Extranonce2: []byte{1}, Time: share.Time}, "other"},
	} {
		if c.user == "" {
			if m := call(stratum.MethodAuthorize, `["u","x"]`); m.Verdict() != nil {
				t.Fatal("not authorized")
			}
			continue
		}
		if got := submit(c.user, c.job, c.share); got != c.want {
			t.Errorf("user %s job %s: %q, want %q", c.user, c.job, got, c.want)
		}
	}
	if p.Accepted() != 1 || len(p.Shares()) != 1 || p.Rejected()["unauthorized"] != 2 {
		t.Errorf("pool counted %d, %v", p.Accepted(), p.Rejected())
	}
}
