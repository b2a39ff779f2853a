package dispatch

// MoveRig puts the connections of a rig on a lease, or the house's work, which
// is "". It reports whether there was any, and such work.
func (d *Dispatcher) MoveRig(name, id string) (moved bool) {
	r := &d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.seats {
		if m.name() != name {
			continue
		}
		was := m.lease
		m.lease = id
		lane, ok := r.lane(m)
		if !ok {
			m.lease = was
			return false
		}
		m.since = d.Now()
		m.seat.Move(lane)
		moved = true
	}
	return moved
}
