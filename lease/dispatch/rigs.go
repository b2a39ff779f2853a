package dispatch

import (
	"crypto/ed25519"
	"math/bits"
	"sync"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// firstWorker is the first extranonce1 of a rig; lower ones are the threads'.
const firstWorker = miner.MaxThreads + 1

// rigs are the machines that work through the Stratum server.
type rigs struct {
	server  *stratum.Server // nil: there is none
	unknown bool            // machines that nobody added work for the house
	home    grade           // of machines of which nothing is known

	// The loop's alone:
	version int64                // of the store's rigs
	known   map[string]lease.Rig // they, as they were then; nil: not read yet
	sampled time.Time            // the last time
	samples []uint64             // rates of all rigs together, one a minute
	told    uint64               // the capacity as the store has it
	moves   []lease.Event        // of rigs that were moved, not yet stored
	unkept  int                  // of them, that there was no room for

	mu     sync.Mutex
	lanes  map[string]*stratum.Lane // of leases that have work
	grades map[grade]*stratum.Lane  // of the house
	wanted map[grade]bool           // to be in the next jobs
	seats  map[*stratum.Seat]*mount
}

// mount is a connection whose worker was let in.
type mount struct {
	seat  *stratum.Seat
	rig   lease.Rig // the first that logged in on it; without a name: a machine that nobody added
	lease string    // that it works for; "" is the house, for which a tenant's own rig waits instead
	grade grade     // of the house, when it works for that
	since time.Time // when it came to that lease
}

// name is the rig's as sources are named.
func (m *mount) name() string {
	if m.rig.Name == "" {
		return lease.UnknownRig
	}
	return m.rig.Name
}

// grade is a size of receipt of the house: 16^grade hashes. A lease's receipts
// have the size that its contract says; the house takes what rigs of all sizes
// make, and gives each jobs whose receipts it finds every few seconds.
type grade int

const minGrade, maxGrade = 4, 15

func (g grade) target() miner.Target { return miner.TargetForWork(miner.Hashes(1 << (4 * g))) }

// houseTag is what the house's jobs of a grade are marked with. Each has its
// own, so that no header is work of two grades: who finds a share could choose
// afterwards which of them it is to count for. Should the beginning of one be
// taken where only that fits, n makes others.
func (d *Dispatcher) houseTag(g, n byte) lease.Tag {
	provider := d.Key.Public().(ed25519.PublicKey)
	return lease.NewTag(lease.TagInput{
		Provider: provider, Lease: lease.House, Tenant: provider, Nonce: [16]byte{g, n}, Terms: d.Terms,
	})
}

// gradeFor is the largest one of which a rig of that rate finds a receipt in
// so many milliseconds on average.
func gradeFor(hps uint64, ms int64) grade {
	hi, lo := bits.Mul64(hps, uint64(max(ms, 1)))
	if hi >= 1000 {
		return maxGrade
	}
	hashes, _ := bits.Div64(hi, lo, 1000)
	return min(max(grade((bits.Len64(hashes)-1)/4), minGrade), maxGrade)
}

// openServer makes the Stratum server, if one is configured.
func (d *Dispatcher) openServer() error {
	if d.Stratum == nil {
		return nil
	}
	cfg := *d.Stratum
	cfg.Desk, cfg.FirstWorker = desk{d}, firstWorker
	cfg.Extranonce2Size = solo.ExtranonceSize2
	cfg.Log, cfg.Now = d.Log, d.Now
	r := &d.rigs
	r.lanes, r.grades = make(map[string]*stratum.Lane), make(map[grade]*stratum.Lane)
	r.seats = make(map[*stratum.Seat]*mount)
	r.unknown = d.UnknownRigs
	r.home = gradeOf(cfg.Vardiff.Start)
	r.wanted = map[grade]bool{r.home: true}
	var err error
	r.server, err = stratum.NewServer(cfg)
	return err
}

// gradeOf is the grade of a difficulty, or of the server's own when it is nil.
func gradeOf(start *miner.Difficulty) grade {
	const byDefault = 1024 << 32 // hashes of the difficulty that the server begins with
	if start == nil {
		return gradeFor(byDefault, 1000)
	}
	work := start.WorkerTarget().Work()
	if work.Hi > 0 {
		return maxGrade
	}
	return gradeFor(work.Lo, 1000)
}

// Close gives up what New opened, when Run was never called; after Run it does
// nothing.
func (d *Dispatcher) Close() {
	if d.rigs.server != nil {
		d.rigs.server.Close()
	}
}

// Server is what speaks with rigs; nil when there is none. Connections are for
// its Serve; the Dispatcher closes it.
func (d *Dispatcher) Server() *stratum.Server { return d.rigs.server }

// grades are those that the house needs jobs for.
func (r *rigs) wantedGrades() (gs []grade) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for g := grade(minGrade); g <= maxGrade; g++ {
		if r.wanted[g] {
			gs = append(gs, g)
		}
	}
	return gs
}

// publish hands the jobs of a template to the rigs. clean: the chain went on.
// Templates that are used again after some time get later jobs, so that no rig
// begins the same work anew.
func (r *rigs) publish(works map[string]*work, graded map[grade]*work, clean bool, age time.Duration) {
	if r.server == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for g, w := range graded {
		lane := r.grades[g]
		if lane == nil {
			lane = r.server.NewLane(lease.House)
			r.grades[g] = lane
		}
		lane.Publish(w.laneJob(clean, age))
	}
	for id, w := range works {
		if id == lease.House || w.ownPool() || !w.template.FitsRigs() {
			continue
		}
		lane := r.lanes[id]
		if lane == nil {
			lane = r.server.NewLane(id)
			r.lanes[id] = lane
		}
		lane.Publish(w.laneJob(clean, age))
	}
	for id, lane := range r.lanes {
		if w := works[id]; w == nil || !w.template.FitsRigs() {
			delete(r.lanes, id)
			lane.Close()
		}
	}
	for g, lane := range r.grades {
		if graded[g] == nil {
			delete(r.grades, g)
			lane.Close()
		}
	}
}

// publishPool hands out a pool's job; nil takes the lane away, and so does one
// without room for rigs.
func (r *rigs) publishPool(id string, w *work) {
	if r.server == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	lane := r.lanes[id]
	fits := w != nil && w.template.FitsRigs()
	switch {
	case !fits && lane != nil:
		delete(r.lanes, id)
		lane.Close()
	case fits && lane == nil:
		lane = r.server.NewLane(id)
		r.lanes[id] = lane
		fallthrough
	case fits:
		// Not clean for the server: what a pool says of its chain is no news of
		// the node's. The tip tells what came late.
		lane.Publish(w.laneJob(false, 0))
	}
}

// laneJob is the job as rigs get it. None is asked for shares that are rarer
// than the job's receipts.
func (w *work) laneJob(clean bool, age time.Duration) stratum.LaneJob {
	issue := w.template.Issue(w.job.Tag, w.job.Target, nil)
	job := issue.Job
	job.Clean = clean
	job.Time = min(job.Time+uint32(max(age, 0)/time.Second), max(issue.MaxTime, job.Time))
	return stratum.LaneJob{
		Job: job, Owner: w, Mask: issue.Mask, MinTime: issue.MinTime, MaxTime: issue.MaxTime, Hardest: w.search(),
	}
}
