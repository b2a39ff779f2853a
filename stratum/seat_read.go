package stratum

import "github.com/hashlease/hashlease/stratum/transport"

// socket is a connection underneath whatever it came in.
type socket interface {
	Read([]byte) (int, error)
	TryWrite([]byte) (int, error) // what it takes at once
}

// read reads what there is.
func (s *Seat) read(p []byte) (int, error) {
	if c, ok := s.conn.(*transport.Conn); s.sock == nil || ok && c.Ahead() > 0 {
		return s.conn.Read(p)
	}
	return s.sock.Read(p)
}

// inlet counts what a Seat reads.
type inlet Seat

func (i *inlet) Read(p []byte) (int, error) {
	n, err := (*Seat)(i).read(p)
	before := i.now
	i.now, i.at = i.srv.clock(), i.srv.cfg.Now().UnixNano()
	(*Seat)(i).owes(before, n == len(p))
	if n > 0 {
		i.heard.Store(i.now)
		i.shard.tally.bytesIn.Add(uint64(n))
		// Blank lines are no messages, but no less work.
		if s := (*Seat)(i); !s.pays(int64(n)) {
			s.drop(dropRate)
		}
	}
	return n, err
}
