package miner

// Place is where a thread runs.
type Place struct {
	Begun bool // it runs, and has been pinned if that was asked for and possible
	CPU   int  // the processor it is kept on, as the system numbers them; -1: it may be on any
}

// Places returns where the threads run, by thread.
func (e *Engine) Places() []Place {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := int(e.want.Load())
	places := make([]Place, n)
	for i := range places {
		places[i].CPU = -1
		if i < len(e.threads) {
			places[i] = e.threads[i].where()
		}
	}
	return places
}

// Place returns where a thread runs. A thread that asks its feeder for work has
// begun.
func (e *Engine) Place(thread int) Place {
	e.mu.Lock()
	defer e.mu.Unlock()
	if thread < 0 || thread >= len(e.threads) {
		return Place{CPU: -1}
	}
	return e.threads[thread].where()
}

// What thread.place holds besides processors.
const (
	notBegun   = 0
	anywhere   = 1
	firstPlace = 2
)

// where is the thread's place for others.
func (t *thread) where() Place {
	at := t.place.Load()
	return Place{Begun: at != notBegun, CPU: int(max(at-firstPlace, -1))}
}
