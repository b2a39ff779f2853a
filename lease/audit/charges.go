package audit

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// leaseAccounts are the sums of a lease's settled hours, and what the ledger
// says of them.
type leaseAccounts struct {
	proven, contracted *big.Int // work
	dayBillable        *big.Int // of the running day
	dayContracted      *big.Int // likewise
	day                int64
	energy             lease.Energy // of rigs, by their nameplates
	owedMs, runningMs  int64
	due                *big.Int
	charged, earned    int64
	booked             map[string]int64 // by kind of transaction
	corrected          int64            // prepaid or credited by corrections
	wrong              []string         // findings about single hours
	hours              int64
}

func (a *auditor) account(id string) *leaseAccounts {
	acc := a.accounts[id]
	if acc == nil {
		acc = &leaseAccounts{
			proven: new(big.Int), contracted: new(big.Int), dayBillable: new(big.Int), dayContracted: new(big.Int),
			due: new(big.Int), booked: make(map[string]int64),
		}
		a.accounts[id] = acc
	}
	return acc
}

// take adds a settled hour; they come in order.
func (x *leaseAccounts) take(h *lease.SettledHour) {
	x.hours++
	x.proven.Add(x.proven, h.Proven.Work().Big())
	x.contracted.Add(x.contracted, h.Contracted.Work().Big())
	x.owedMs += h.OwedMs
	x.runningMs += h.RunningMs
	x.due.Add(x.due, big.NewInt(h.DueSat))
	x.charged += h.ChargedSat
	x.earned += h.EarnedSat
	const hoursPerDay = 24
	if day := h.Hour / hoursPerDay; day != x.day {
		x.day = day
		x.dayBillable.SetInt64(0)
		x.dayContracted.SetInt64(0)
	}
	x.dayBillable.Add(x.dayBillable, h.Billable.Work().Big())
	x.dayContracted.Add(x.dayContracted, h.Contracted.Work().Big())
	bad := func(format string, args ...any) {
		x.wrong = append(x.wrong, fmt.Sprintf("hour %d of lease %s: %s", h.Hour, h.Lease, fmt.Sprintf(format, args...)))
	}
	switch {
	case h.ChargedSat < 0 || h.ChargedSat > h.DueSat || h.EarnedSat < 0:
		bad("%d sat are charged of %d, and %d earned", h.ChargedSat, h.DueSat, h.EarnedSat)
	case h.OwedMs < 0 || h.OwedMs > lease.MsPerHour || h.ExcludedMs < 0 || h.ExcludedMs > h.OwedMs || h.RunningMs < 0 || h.RunningMs > lease.MsPerHour:
		bad("%d ms are owed, %d ms excluded, %d ms the node ran", h.OwedMs, h.ExcludedMs, h.RunningMs)
	}
}

// note keeps what a transaction says of leases and blocks. What corrections
// take back and put in its place is not what an hour was settled to.
func (a *auditor) note(t *lease.Transaction) {
	switch t.Kind {
	case ledger.KindFound, ledger.KindMatured, ledger.KindUnmatured, ledger.KindOrphaned, ledger.KindLoss:
		a.noteBlock(t)
		return
	case ledger.KindPrepay, ledger.KindUsage, ledger.KindPower, ledger.KindPPS, ledger.KindSLA, ledger.KindExit, ledger.KindRefund:
	case ledger.KindReversal:
		a.corrected++
		return
	default:
		return
	}
	if len(t.Postings) == 0 {
		return
	}
	id := t.Postings[len(t.Postings)-1].Lease
	if strings.Contains(t.Key, "#") {
		if t.Kind == ledger.KindPrepay || t.Kind == ledger.KindSLA {
			a.account(id).corrected += credits(t)
		}
		return
	}
	late := t.Kind == ledger.KindRefund && t.Key != ledger.RefundKey(id, lastRefund)
	switch {
	case t.Kind == ledger.KindPrepay:
		a.prepays = append(a.prepays, *t)
	case late:
		// Who paid a lease that was over got it back.
		a.refunded[ledger.PrepayKey(strings.TrimPrefix(t.Key, ledger.RefundKey(id, "")))] = true
	case t.AtMs > (a.settled+1)*lease.MsPerHour:
		return // settled since the audit began
	default:
		a.booked = append(a.booked, *t)
	}
	a.account(id).booked[t.Kind] += credits(t)
}

// credits is what a transaction moves, in satoshi.
func credits(t *lease.Transaction) (sat int64) {
	for _, p := range t.Postings {
		sat += max(p.Sat, 0)
	}
	return sat
}

// lastRefund is the occasion of the refund that settling makes at the end of a
// lease.
const lastRefund = "close"

// charges compares what was charged with the ledger, and with the most that it
// may be.
func (a *auditor) charges(context.Context) error {
	for _, id := range a.ids {
		l, acc := a.leases[id], a.account(id)
		a.report.counted(checkCharges, acc.hours)
		for _, text := range acc.wrong {
			a.report.find(checkCharges, "%s", text)
		}
		a.report.counted(checkBooked, acc.hours)
		b := acc.booked
		if used := b[ledger.KindUsage] + b[ledger.KindPower]; used != acc.charged || b[ledger.KindPPS] != acc.earned {
			a.report.find(checkBooked, "lease %s: its hours are charged %d sat and earned %d, booked are %d and %d", id, acc.charged, acc.earned, used, b[ledger.KindPPS])
		}
		if most := b[ledger.KindPrepay] + b[ledger.KindSLA] + acc.corrected; acc.charged > most {
			a.report.find(checkCharges, "lease %s is charged %d sat, prepaid and credited were %d", id, acc.charged, most)
		}
		if credit := b[ledger.KindSLA]; credit > acc.charged {
			a.report.find(checkCharges, "lease %s is credited %d sat of the %d that it was charged", id, credit, acc.charged)
		}
		if most, what := a.most(l, acc); big.NewInt(acc.charged).Cmp(most) > 0 {
			a.report.find(checkCharges, "lease %s is charged %d sat, %s are %v", id, acc.charged, what, most)
		}
	}
	return nil
}

// most is the most that a lease may have been charged, in satoshi, and why.
func (a *auditor) most(l *lease.Lease, acc *leaseAccounts) (*big.Int, string) {
	p := a.terms[l.Terms].Prices
	switch {
	case p == nil:
	case l.Model == lease.Leased && p.Work != nil && p.Work.Sat > 0:
		work, what := acc.proven, "price × proven work"
		if acc.contracted.Cmp(work) < 0 {
			work, what = acc.contracted, "price × contracted work"
		}
		return part(work, p.Work.Sat, p.Work.Hashes.Work().Big()), what
	case l.Model == lease.Hosted:
		sat := new(big.Int)
		if p.Power != nil {
			// mJ/TH × hashes are femtojoules; a megawatt hour is 3.6·10^24 of
			// them, and the factor of the site is in millionths.
			num := new(big.Int).Mul(miner.Work(acc.energy).Big(), big.NewInt(p.Power.PUEPPM))
			den := new(big.Int).Mul(big.NewInt(3_600_000_000_000_000_000), big.NewInt(1_000_000_000_000))
			sat.Add(sat, part(num, p.Power.SatPerMWh, den))
		}
		if p.RigFee != nil {
			ms := new(big.Int).Mul(big.NewInt(acc.owedMs), big.NewInt(int64(len(l.Rigs))))
			sat.Add(sat, part(ms, p.RigFee.SatPerRigDay, big.NewInt(24*lease.MsPerHour)))
		}
		return sat, "power and fees of its rigs"
	case l.Model == lease.VirtualHosted && p.Slice != nil:
		ms := new(big.Int).Mul(big.NewInt(acc.runningMs), big.NewInt(int64(len(l.Cores))))
		return part(ms, p.Slice.SatPerCoreHour, big.NewInt(lease.MsPerHour)), "its processors' running time"
	}
	return new(big.Int), "the terms' prices for it"
}

// part is amount × sat / per, rounded down.
func part(amount *big.Int, sat int64, per *big.Int) *big.Int {
	n := new(big.Int).Mul(amount, big.NewInt(sat))
	return n.Quo(n, per)
}
