package bench

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// add sums up.
func (r *Replies) add(o *Replies) {
	r.Sent, r.Accepted, r.Lost = r.Sent+o.Sent, r.Accepted+o.Accepted, r.Lost+o.Lost
	for reason, n := range o.Refused {
		if r.Refused == nil {
			r.Refused = make(map[string]uint64)
		}
		r.Refused[reason] += n
	}
}

// count counts a verdict.
func (r *Replies) count(e *stratum.Error) {
	if e == nil {
		r.Accepted++
		return
	}
	r.add(&Replies{Refused: map[string]uint64{e.Reason(): 1}})
}

// chunks makes requests, several in one piece.
func (m *mill) chunks(count int, fold bool) (all [][]byte) {
	for id := 0; id < count; {
		piece := make([]byte, 0, pipeChunk*128)
		for range min(pipeChunk, count-id) {
			if fold {
				m.turn()
			}
			piece = m.next(piece, uint64(firstSubmit+id))
			id++
		}
		all = append(all, piece)
	}
	return all
}

// exchange writes requests and reads the verdicts, with so many between them
// as the window allows. Every request is answered once, or counts as lost.
func (r *rig) exchange(chunks [][]byte, count int, patience time.Duration) (Replies, error) {
	got := Replies{Sent: uint64(count)}
	var answered atomic.Int64
	room := make(chan struct{}, 1)
	over := make(chan struct{})
	wrote := make(chan error, 1)
	go func() {
		for i, c := range chunks {
			for int64((i+1)*pipeChunk)-answered.Load() > pipeWindow {
				select {
				case <-room:
				case <-over:
					wrote <- nil
					return
				}
			}
			if _, err := r.conn.Write(c); err != nil {
				wrote <- err
				return
			}
		}
		wrote <- nil
	}()
	seen := make([]bool, count)
	var failed error
	left := count
	for ; left > 0; left-- {
		if left%pipeChunk == 0 || left == count {
			if failed = r.conn.SetReadDeadline(time.Now().Add(patience)); failed != nil {
				break
			}
		}
		var m stratum.Message
		if m, failed = r.verdict(); failed != nil {
			break
		}
		id, ok := m.NumericID()
		if n := int(id) - firstSubmit; !ok || n < 0 || n >= count || seen[n] {
			failed = fmt.Errorf("a reply to %s, which was not asked or is answered", m.ID)
			break
		} else {
			seen[n] = true
		}
		got.count(m.Verdict())
		answered.Add(1)
		select {
		case room <- struct{}{}:
		default:
		}
	}
	close(over)
	if failed != nil {
		r.close() // so that writing ends too
	}
	err := <-wrote
	got.Lost = uint64(left)
	var timeout interface{ Timeout() bool }
	if errors.As(failed, &timeout) && timeout.Timeout() {
		failed, err = nil, nil // lost ones are a result
	}
	return got, errors.Join(failed, err)
}

// verdict reads the next reply, and acts on what comes before it.
func (r *rig) verdict() (stratum.Message, error) {
	for {
		m, err := r.lines.ReadMessage()
		if err != nil || m.IsReply() {
			return m, err
		}
		if err := r.told(&m); err != nil {
			return m, err
		}
	}
}

// audit makes sure that the server judges shares: it has to take a good one,
// and neither the same again nor a hash that is none.
func (r *rig) audit(patience time.Duration) error {
	m := r.mill
	lines := m.next(nil, 3)
	lines = m.appendSubmit(lines, 4)
	m.find(false)
	lines = m.appendSubmit(lines, 5)
	if err := r.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := r.conn.Write(lines); err != nil {
		return err
	}
	for _, want := range []string{"", "duplicate", "low-difficulty"} {
		reply, err := r.verdict()
		if err != nil {
			return err
		}
		got := ""
		if e := reply.Verdict(); e != nil {
			got = e.Reason()
		}
		if got != want {
			return fmt.Errorf("the server does not judge shares: a reply %q where %q is right", got, want)
		}
	}
	return r.conn.SetDeadline(time.Time{})
}
