package dispatch

import (
	"context"
	"log/slog"
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

// rigPause is how often rigs are looked at.
const rigPause = time.Second

// steadyShares is how many shares a rig has to show before it is counted on.
const steadyShares = 8

// rigs are the machines that work through the Stratum server.
type rigs struct {
	server  *stratum.Server // nil: there is none
	unknown bool            // machines that nobody added work for the house
	home    grade           // of machines of which nothing is known
	version int64           // of the store's rigs; the loop's alone
	read    bool            // that was read; the loop's alone
	sampled time.Time       // the last time; the loop's alone, as the next two
	samples []uint64        // rates of all rigs together, one a minute
	told    uint64          // the capacity as the store has it

	mu     sync.Mutex
	lanes  map[string]*stratum.Lane // of leases that have work
	grades map[grade]*stratum.Lane  // of the house
	wanted map[grade]bool           // to be in the next jobs
	seats  map[*stratum.Seat]*mount
}

// mount is a connection whose worker was let in.
type mount struct {
	seat  *stratum.Seat
	rig   lease.Rig // the first that logged in on it
	lease string    // that it works for; "" is the house
	grade grade     // of the house, when it works for that
	since time.Time // when it came to that lease
}

// grade is a size of receipt of the house: 16^grade hashes. A lease's receipts
// have the size that its contract says; the house takes what rigs of all sizes
// make, and gives each jobs whose receipts it finds every few seconds.
type grade int

const minGrade, maxGrade = 4, 15

func (g grade) target() miner.Target { return miner.TargetForWork(miner.Hashes(1 << (4 * g))) }

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
func (r *rigs) publish(works map[string]*work, graded map[grade]*work, clean bool) {
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
		lane.Publish(w.laneJob(clean))
	}
	for id, w := range works {
		if id == lease.House {
			continue
		}
		lane := r.lanes[id]
		if lane == nil {
			lane = r.server.NewLane(id)
			r.lanes[id] = lane
		}
		lane.Publish(w.laneJob(clean))
	}
	for id, lane := range r.lanes {
		if works[id] == nil {
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

// laneJob is the job as rigs get it. None is asked for shares that are rarer
// than the job's receipts.
func (w *work) laneJob(clean bool) stratum.LaneJob {
	issue := w.template.Issue(w.job.Tag, w.job.Target, nil)
	job := issue.Job
	job.Clean = clean
	return stratum.LaneJob{
		Job: job, Owner: w, Mask: issue.Mask, MinTime: issue.MinTime, MaxTime: issue.MaxTime, Hardest: w.job.Target,
	}
}

// rigLoop looks after the rigs until ctx is done.
func (d *Dispatcher) rigLoop(ctx context.Context) {
	tick := time.NewTicker(rigPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		d.dismiss(ctx)
		d.place()
		if d.regrade() {
			d.wantJobs(ctx)
		}
		d.sampleRigs(ctx, d.Now())
	}
}

// wantJobs makes the present jobs anew, with what is wanted now.
func (d *Dispatcher) wantJobs(ctx context.Context) {
	d.jobs.mu.Lock()
	d.jobs.due = true
	d.jobs.mu.Unlock()
	if err := d.refreshContracts(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error("jobs for rigs cannot be made, trying again", "err", err)
	}
}

// dismiss ends the connections of rigs that were changed, switched off or
// removed.
func (d *Dispatcher) dismiss(ctx context.Context) {
	r := &d.rigs
	version, err := d.Store.RigsVersion(ctx)
	if err != nil || r.read && version == r.version {
		return // the store is watched elsewhere
	}
	all, err := d.Store.Rigs(ctx)
	if err != nil {
		return
	}
	r.read, r.version = true, version
	byName := make(map[string]*lease.Rig, len(all))
	for i := range all {
		byName[all[i].Name] = &all[i]
	}
	r.mu.Lock()
	var gone []*stratum.Seat
	for seat := range r.seats {
		for _, w := range seat.Info().Workers {
			was, known := w.Owner.(lease.Rig)
			if now := byName[was.Name]; known && (now == nil || !now.Keeps(&was)) {
				gone = append(gone, seat)
				break
			}
		}
	}
	r.mu.Unlock()
	for _, seat := range gone {
		seat.Close()
	}
}

// place shares the rigs out among the leases.
func (d *Dispatcher) place() {
	r := &d.rigs
	now := d.Now()
	demands := d.feed.demands()
	r.mu.Lock()
	defer r.mu.Unlock()
	var supplies []supply
	var mounts []*mount
	for _, m := range r.seats {
		if !m.steady() {
			continue
		}
		supplies = append(supplies, supply{
			rig: len(mounts), id: m.seat.ID, owner: m.rig.Tenant, rate: megahashes(m.seat.RateHps()), lease: m.lease, since: m.since,
		})
		mounts = append(mounts, m)
	}
	d.feed.leaveToRigs(forRigs(supplies, demands, megahashes(d.capacity())), len(supplies) > 0)
	for _, p := range allocate(now, supplies, demands) {
		m := mounts[p.rig]
		lane, g := r.lanes[p.to], m.grade
		if p.to == "" {
			lane, g = r.houseLane(m, m.seat.RateHps(), d.HouseProofMs)
		}
		if lane == nil && p.to != "" {
			continue // the lease's first job is not out yet
		}
		m.lease, m.grade, m.since = p.to, g, now
		m.seat.Move(lane)
		d.Log.Info("rig moved", slog.String("rig", m.name()), slog.String("from", orHouse(p.from)), slog.String("to", orHouse(p.to)),
			slog.Int64("rig_mhps", int64(p.rate)), slog.Int64("lease_needs_mh", int64(p.need)))
	}
}

func orHouse(id string) string {
	if id == "" {
		return lease.House
	}
	return id
}

// name is the rig's as sources are named.
func (m *mount) name() string {
	if m.rig.Name == "" {
		return lease.UnknownRig
	}
	return m.rig.Name
}

// houseLane is where a rig of that rate works for the house; nil for a
// tenant's own, which waits for a lease of its owner. Under mu.
func (r *rigs) houseLane(m *mount, hps uint64, ms int64) (*stratum.Lane, grade) {
	if m.rig.Tenant != "" {
		return nil, m.grade
	}
	g := r.home
	if hps > 0 {
		g = gradeFor(hps, ms)
	}
	if lane := r.grades[g]; lane != nil {
		return lane, g
	}
	if lane := r.grades[m.grade]; lane != nil {
		return lane, m.grade
	}
	return r.grades[r.home], r.home
}

// regrade moves rigs of the house to jobs of their size, and reports whether
// there is a size that has no jobs yet.
func (d *Dispatcher) regrade() (missing bool) {
	r := &d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := map[grade]bool{r.home: true}
	for _, m := range r.seats {
		if m.lease != "" || m.rig.Tenant != "" {
			continue
		}
		g := m.grade
		if info := m.seat.Info(); info.Accepted >= steadyShares {
			// Twice too rare or four times too frequent is left alone.
			hardest, easiest := gradeFor(info.RateHps*2, d.HouseProofMs), gradeFor(info.RateHps/4, d.HouseProofMs)
			if g > hardest || g < easiest {
				g = gradeFor(info.RateHps, d.HouseProofMs)
			}
		}
		wanted[g] = true
		if g == m.grade {
			continue
		}
		if lane := r.grades[g]; lane != nil {
			m.grade = g
			m.seat.Move(lane)
		} else {
			missing = true
			wanted[m.grade] = true
		}
	}
	r.wanted = wanted
	return missing
}
