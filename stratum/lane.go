package stratum

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashlease/hashlease/miner"
)

// Lane is a stream of jobs for all connections placed on it: a lease's, or the
// house's. Its methods are safe for concurrent use and never wait for a
// connection.
type Lane struct {
	Name string

	srv    *Server
	newest atomic.Pointer[work]

	mu     sync.Mutex
	tip    *tip        // of the newest job
	closed atomic.Bool // set under mu

	riders []riders // one for each shard
}

// riders are the connections of one shard that are on a lane.
type riders struct {
	mu    sync.Mutex
	seats []*Seat
}

// LaneJob is what a Lane hands out.
type LaneJob struct {
	// Job is the block to work on. Its ID is replaced by one of the server's.
	// Workers are told clean_jobs when their previous block changes, and then
	// only. Clean says that the chain went on to the job's previous block:
	// jobs of the one that the lane had before, on any lane, are stale at once.
	Job              Job
	Owner            any          // comes back with each share
	Mask             uint32       // version bits workers may roll; the job's version gets them zeroed
	MinTime, MaxTime uint32       // of shares, Unix seconds
	Hardest          miner.Target // no worker is judged by a harder one: the proof target, or what upstream takes; zero: no matter
}

// work is a published LaneJob.
type work struct {
	LaneJob
	id       uint64
	tip      *tip
	ceiling  int8         // hardest level allowed
	body     []byte       // of the mining.notify, from after the job id to before ntime
	headers  uint64       // a hash of body: jobs that have it in common are of the same headers but for ntime
	since    int64        // Unix nanoseconds
	replaced atomic.Int64 // Unix nanoseconds since when the lane has a newer one; 0: it has not
}

// tip is a previous block during the time in which it is the newest.
type tip struct {
	prev    miner.Hash
	retired atomic.Bool // a newer one was announced
	lanes   int         // whose tip it is; under the mu of tips
}

// NewLane returns a lane that has no job yet.
func (s *Server) NewLane(name string) *Lane {
	return &Lane{Name: name, srv: s, riders: make([]riders, len(s.shards))}
}

// Publish makes j the newest job and hands it to all connections on the lane.
// A job that no worker could use is logged, counted and ignored, and so is one
// of a closed lane.
func (l *Lane) Publish(j LaneJob) {
	s := l.srv
	w := &work{LaneJob: j, id: s.nextID(), ceiling: maxLevel, since: s.clock()}
	w.Job.ID = string(appendID64(nil, w.id))
	w.Job.Version &^= j.Mask
	err := w.Job.Validate()
	if err == nil && (j.Job.Time < j.MinTime || j.Job.Time > j.MaxTime) {
		err = fmt.Errorf("job %q: its time of %d is not one of shares, %d to %d", w.Job.ID, j.Job.Time, j.MinTime, j.MaxTime)
	}
	if err != nil {
		s.badJobs.Add(1)
		s.log.Error("a job cannot be handed out", "lane", l.Name, "err", err)
		return
	}
	if j.Hardest != (miner.Target{}) {
		w.ceiling = s.levels.easier(j.Hardest)
	}
	w.encode()

	l.mu.Lock()
	if l.closed.Load() {
		l.mu.Unlock()
		return
	}
	w.tip = s.tips.at(l.tip, j.Job.PrevHash, j.Job.Clean)
	l.tip = w.tip
	old := l.newest.Swap(w)
	l.mu.Unlock()
	if old == nil {
		s.lanes.Add(1)
	} else {
		old.replaced.Store(w.since)
	}
	for _, sh := range s.shards {
		sh.publish(l)
	}
}

// Close ends the lane. The Desk is asked for another place for each of its
// connections; those that get none keep their job, and wait.
func (l *Lane) Close() {
	l.mu.Lock()
	first := !l.closed.Swap(true)
	if first {
		l.srv.tips.leave(l.tip)
	}
	l.mu.Unlock()
	if !first {
		return
	}
	if w := l.newest.Load(); w != nil {
		w.replaced.Store(l.srv.clock())
		l.srv.lanes.Add(-1)
	}
	all := l.Seats()
	if len(all) > 0 {
		go func() { // the caller may hold what the Desk needs
			for _, s := range all {
				s.rehome(l)
			}
		}()
	}
}

// Seats returns the connections on the lane.
func (l *Lane) Seats() []*Seat {
	var all []*Seat
	for i := range l.riders {
		all = l.riders[i].appendTo(all)
	}
	return all
}

func (r *riders) add(s *Seat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.ride = len(r.seats)
	r.seats = append(r.seats, s)
}

func (r *riders) remove(s *Seat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.seats) - 1
	r.seats[s.ride] = r.seats[last]
	r.seats[s.ride].ride = s.ride
	r.seats[last] = nil
	r.seats = r.seats[:last]
}

func (r *riders) appendTo(dst []*Seat) []*Seat {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(dst, r.seats...)
}

const (
	notifyHead = `{"id":null,"method":"mining.notify","params":["`
	notifyTail = `"00000000",false]}` + "\n"
)

// encode keeps what all notifies of the job have in common.
func (w *work) encode() {
	j := w.Job
	j.ID, j.Clean = "", false
	line := AppendNotify(nil, &j)
	w.body = slices.Clip(line[len(notifyHead) : len(line)-len(notifyTail)])
	sum := sha256.Sum256(w.body)
	w.headers = binary.LittleEndian.Uint64(sum[:])
}

// appendNotify appends the job's mining.notify under an id.
func (w *work) appendNotify(dst []byte, id uint64, time uint32, clean bool) []byte {
	dst = appendID64(append(dst, notifyHead...), id)
	dst = append(dst, w.body...)
	dst = appendWord(dst, time)
	if clean {
		return append(dst, ",true]}\n"...)
	}
	return append(dst, ",false]}\n"...)
}

// anew returns the ntime of a job that is handed out later than it was
// published, or again: after last, that of a job of the same headers. Some
// devices begin each job with the same extranonce2 and would find the same
// shares again.
func (w *work) anew(last uint32, now int64) uint32 {
	passed := uint32(max(now-w.since, 0) / 1e9)
	return min(max(last+1, w.Job.Time+passed), max(w.MaxTime, w.Job.Time))
}

// appendID64 writes a job id: 16 hexadecimal digits.
func appendID64(dst []byte, id uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], id)
	const digits = "0123456789abcdef"
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

// parseID64 reads a job id out of a JSON string.
func parseID64(raw []byte) (id uint64, ok bool) {
	if len(raw) != 18 || raw[0] != '"' {
		return 0, false
	}
	for _, c := range raw[1:17] {
		d, ok := unhex(c)
		if !ok {
			return 0, false
		}
		id = id<<4 | uint64(d)
	}
	return id, true
}
