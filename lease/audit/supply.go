package audit

import (
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Supply compares, hour by hour, what was leased with what was produced. It is
// for people to judge: an hour of bad luck, or one that the node did not run,
// is short without anything being oversold. Hosted leases bring machines of
// their own, and are left out on both sides.
type Supply struct {
	Hours    int64  `json:"hours"`     // in which something was produced
	Short    int64  `json:"short"`     // of them, with less produced than was leased, by its upper 97.5 % bound
	WorstPPM int64  `json:"worst_ppm"` // produced of leased, in the worst of them; 0 when none was short
	WorstAt  int64  `json:"worst_at"`  // hour since 1970 UTC
	Leased   string `json:"leased"`    // work that was owed, in all hours, decimal
	Produced string `json:"produced"`  // work that was proven, likewise
}

// supply adds up an hour at a time; hours come in order.
type supply struct {
	*auditor
	hour             int64
	evidence         lease.Evidence
	out              Supply
	leased, produced *big.Int
}

func newSupply(a *auditor) *supply {
	return &supply{auditor: a, leased: new(big.Int), produced: new(big.Int)}
}

func (s *supply) add(m *lease.HourMeter) {
	if m.Hour != s.hour {
		s.close()
		s.hour, s.evidence = m.Hour, lease.Evidence{}
	}
	if l := s.leases[m.Lease]; l == nil || l.Model != lease.Hosted {
		s.evidence.Merge(m.Evidence)
	}
}

// close judges the hour.
func (s *supply) close() {
	if s.evidence.N == 0 {
		return
	}
	from := s.hour * lease.MsPerHour
	owed := new(big.Int)
	for _, id := range s.ids {
		if l := s.leases[id]; l.Model != lease.Hosted {
			ms := l.OwedMs(from, from+lease.MsPerHour)
			owed.Add(owed, miner.Hashes(l.ContractedHps).Mul(uint64(ms)).Big())
		}
	}
	owed.Quo(owed, big.NewInt(1000))
	s.out.Hours++
	s.leased.Add(s.leased, owed)
	s.produced.Add(s.produced, s.evidence.Sum.Big())
	if _, upper := s.evidence.Interval(miner.Work{}); upper.Big().Cmp(owed) >= 0 {
		return
	}
	s.out.Short++
	ppm := new(big.Int).Mul(s.evidence.Sum.Big(), big.NewInt(1_000_000))
	if p := ppm.Quo(ppm, owed).Int64(); s.out.Short == 1 || p < s.out.WorstPPM {
		s.out.WorstPPM, s.out.WorstAt = p, s.hour
	}
}

func (s *supply) end(out *Supply) {
	s.close()
	*out = s.out
	out.Leased, out.Produced = s.leased.String(), s.produced.String()
}
