package dispatch

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// narrowWork is the job of a lease at a pool whose extranonce2 has n bytes.
func narrowWork(t *testing.T, d *Dispatcher, n int) *work {
	t.Helper()
	script := []byte{3, 0x40, 0xd1, 0x0c, 4, 1, 2, 3, 4, byte(4 + n)}
	b1 := append([]byte{1, 0, 0, 0, 1}, make([]byte, 32)...)
	b1 = append(append(b1, 0xff, 0xff, 0xff, 0xff, byte(len(script)+4+n)), script...)
	b2 := append([]byte{0xff, 0xff, 0xff, 0xff, 1}, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x51, 0, 0, 0, 0)
	now := uint32(time.Now().Unix())
	issue := &stratum.Issue{
		Job:         stratum.Job{ID: "1", Coinb1: b1, Coinb2: b2, Version: 0x20000000, Bits: 0x1d00ffff, Time: now},
		Extranonce1: []byte{1, 2, 3, 4}, Extranonce2Size: n, Mask: stratum.VersionMask,
		Target: miner.TargetForWork(miner.Hashes(16)), MinTime: now, MaxTime: now + 7200,
	}
	document, err := newPoolTemplate(issue, "stratum+tcp://pool.example:3333", lease.TermsHash{})
	if err != nil {
		t.Fatal(err)
	}
	return &work{
		job:      lease.Job{Lease: "L-0001", Tag: lease.Tag{7, 8, 9}, Target: miner.TargetForWork(miner.Hashes(1000))},
		template: document, upstream: &upstream{d: d}, issued: issue, most: miner.TargetForWork(miner.Hashes(1000)), tip: &tip{},
	}
}

// Where a pool leaves no room for a worker's number, threads share out what is
// left: no two take the same, all of it is taken, and the pool gets what was
// hashed, behind the tag.
func TestThreadsShareANarrowPool(t *testing.T) {
	for _, threads := range []int{1, 3, 4} {
		engine, err := miner.NewEngine(miner.EngineConfig{Threads: threads, Feeder: newFeed(time.Now)})
		if err != nil {
			t.Fatal(err)
		}
		w := narrowWork(t, &Dispatcher{engine: engine}, 4)
		taken := make(map[[2]byte]int)
		turns := 4
		if threads == 1 {
			turns = 1
		}
		for thread := range turns { // threads that may come are provided for
			space := w.space(thread)
			for range 1 << 16 / turns {
				ref := space.Task(1<<60, nil).Ref.(*stratum.Ref)
				if len(ref.Issue.Extranonce1) != 0 || len(ref.Extranonce2) != 2 {
					t.Fatalf("extranonces %x and %x", ref.Issue.Extranonce1, ref.Extranonce2)
				}
				if by, ok := taken[[2]byte(ref.Extranonce2)]; ok {
					t.Fatalf("%d threads: %d took %x, and %d did", threads, thread, ref.Extranonce2, by)
				}
				taken[[2]byte(ref.Extranonce2)] = thread
			}
		}
		if len(taken) != 1<<16 {
			t.Errorf("%d threads took %d of 65536", threads, len(taken))
		}
		task := w.space(0).Task(1, nil)
		ref := task.Ref.(*stratum.Ref)
		share := ref.ShareOf(task.Header)
		share.Extranonce2 = w.template.PoolExtranonce2(w.job.Tag, ref.Issue.Extranonce1, share.Extranonce2)
		if h, err := w.issued.Rebuild(share); err != nil || h != task.Header || [2]byte(share.Extranonce2) != [2]byte{7, 8} {
			t.Errorf("the pool makes %x of %x, %v; hashed was %x", h, share.Extranonce2, err, task.Header)
		}
	}
}

// Rigs are neither asked to work for such a lease, nor have a lane for it, also
// when its pool had room for them before; a job that is put in place again is
// not begun anew.
func TestNarrowPoolsAreNotForRigs(t *testing.T) {
	engine, err := miner.NewEngine(miner.EngineConfig{Threads: 1, Feeder: newFeed(time.Now)})
	if err != nil {
		t.Fatal(err)
	}
	d := &Dispatcher{engine: engine, Config: Config{Now: time.Now}}
	srv, err := stratum.NewServer(stratum.ServerConfig{Desk: desk{d}})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	d.rigs.server, d.rigs.lanes = srv, make(map[string]*stratum.Lane)
	f := newFeed(time.Now)
	for _, n := range []int{8, 7, 8, 4} {
		w := narrowWork(t, d, n)
		f.install([]lease.Lease{{ID: "L-0001", ContractedHps: 1 << 30}}, map[string]*work{"L-0001": w})
		d.rigs.publishPool("L-0001", w)
		if rooms := n >= 8; (d.rigs.lanes["L-0001"] != nil) != rooms || (len(f.demands()) == 1) != rooms {
			t.Errorf("%d bytes: lanes %v, wanted by %v", n, d.rigs.lanes, f.demands())
		}
		a := f.all["L-0001"]
		a.spaces = []*stratum.Space{w.space(0)}
		f.setWork("L-0001", w)
		if a.spaces[0] == nil {
			t.Error("a job is begun anew")
		}
	}
}
