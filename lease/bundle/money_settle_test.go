package bundle

import (
	"slices"
	"strconv"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

func (w *moneyWorld) party() ledger.Party { return ledger.Party{Tenant: "acme", Lease: testLease} }

// book puts a transaction into the log, and what it books for the lease into the
// statement. It returns the leaf of that.
func (w *moneyWorld) book(t lease.Transaction) int64 {
	if err := t.Validate(); err != nil {
		w.tb.Fatal(err)
	}
	if cheat := w.o.cheat.tx; cheat != nil {
		t.Postings = slices.Clone(t.Postings)
		cheat(&t)
	}
	next := func(id string) (int64, error) { n := w.numbers[id]; w.numbers[id]++; return n, nil }
	salt := func() translog.Salt { return translog.Salt{byte(len(w.log)), 1} }
	own := int64(-1)
	for _, part := range must(leaf.NewTransaction(&t, next, salt)) {
		at := w.append(part.Entry, part.Lease == testLease)
		if part.Lease == testLease {
			own = at
		}
	}
	line := Line{Leaf: own, AtMs: t.AtMs, Kind: t.Kind, Key: t.Key, Ref: t.Ref}
	for _, p := range t.Postings {
		w.balances[lease.Balance{Account: p.Account, Lease: p.Lease}] += p.Sat
		if p.Lease == testLease {
			line.Postings = append(line.Postings, Posting{p.Account, p.Sat})
		}
	}
	if own >= 0 {
		w.s.Books.Lines = append(w.s.Books.Lines, line)
	}
	return own
}

// balance is what is owed on an account of the lease.
func (w *moneyWorld) balance(account string) int64 {
	return -w.balances[lease.Balance{Account: account, Lease: testLease}]
}

func (w *moneyWorld) prepay(ref string, sat int64) {
	w.book(must(ledger.Prepayment(w.party(), ref, sat, w.at(0, 10))))
}

// correct takes a prepayment back and books another amount.
func (w *moneyWorld) correct(key string, sat int64) {
	i := slices.IndexFunc(w.s.Books.Lines, func(l Line) bool { return l.Key == key })
	was := must(ledger.Prepayment(w.party(), w.s.Books.Lines[i].Ref, w.s.Books.Lines[i].owed(""), w.at(0, 10)))
	right := must(ledger.Prepayment(w.party(), w.s.Books.Lines[i].Ref, sat, w.at(0, 10)))
	for _, t := range must(ledger.Correct(was, &right, w.at(0, 12))) {
		if at := w.book(t); t.Kind == ledger.KindReversal {
			w.s.Books.Lines[i].ReversedBy = &at
		}
	}
}

// correctUsage takes back what was charged for an hour, and books a satoshi less,
// in two parts.
func (w *moneyWorld) correctUsage(h int) {
	i := slices.IndexFunc(w.s.Books.Lines, func(l Line) bool { return l.Key == ledger.UsageKey(testLease, w.at(h, 0)) })
	if i < 0 {
		return
	}
	sat := -w.s.Books.Lines[i].owed("")
	was := must(ledger.Usage(w.party(), w.at(h, 0), sat, w.at(h+1, 0)))
	right := was
	right.Postings = []lease.Posting{
		{Account: ledger.Prepaid("acme"), Lease: testLease, Sat: 1}, {Account: ledger.Prepaid("acme"), Lease: testLease, Sat: sat - 2},
		{Account: ledger.LeaseRevenue, Lease: testLease, Sat: 1 - sat},
	}
	for _, t := range must(ledger.Correct(was, &right, w.at(h+1, 3))) {
		if at := w.book(t); t.Kind == ledger.KindReversal {
			w.s.Books.Lines[i].ReversedBy = &at
		}
	}
}

// settle settles an hour as billing does.
func (w *moneyWorld) settle(h int) {
	hour := w.first + int64(h)
	fromMs, toMs := hour*lease.MsPerHour, (hour+1)*lease.MsPerHour
	ev := w.s.evidenceOf(int64(moneyReceipts()[h]))
	owed := w.lease.OwedMs(fromMs, toMs)
	row := lease.SettledHour{
		Lease: testLease, Hour: hour, OwedMs: owed, RunningMs: lease.MsPerHour, Window: lease.WindowIdle,
		Contracted: lease.Quantity(lease.WorkIn(1, owed)), Counted: lease.Quantity(ev.Sum), Proven: lease.Quantity(ev.Sum), Receipts: int64(ev.N),
	}
	_, upper := ev.Interval(w.s.PlannedWork())
	row.Upper = lease.Quantity(upper)
	w.earn(h, &row)
	w.charge(&row)
	if sla := w.terms.SLA; sla != nil && owed > 0 {
		ms, maintenance := w.lease.ExcludedMs(w.exclusions, fromMs, toMs, sla.MaintenanceMsPerMonth-w.used)
		w.used += maintenance
		row.ExcludedMs = ms
		window := lease.Window{Contracted: row.Contracted.Work(), Unit: w.s.PlannedWork(), Evidence: ev, Ms: owed, ExcludedMs: ms}
		j := sla.Judge(window)
		w.month.Add(window, j)
		row.Window, row.Upper = j.Kind, j.Upper
	}
	w.fees += row.ChargedSat
	if cheat := w.o.cheat.row; cheat != nil {
		cheat(h, &row)
	}
	w.s.Hours = append(w.s.Hours, Hour{
		Hour: row.Hour, OwedMs: row.OwedMs, ExcludedMs: row.ExcludedMs, RunningMs: row.RunningMs, Contracted: row.Contracted, Counted: row.Counted,
		Proven: row.Proven, Receipts: row.Receipts, Billable: row.Billable, Upper: row.Upper, Window: row.Window, DueSat: row.DueSat, ChargedSat: row.ChargedSat, EarnedSat: row.EarnedSat,
	})
	w.append(must(leaf.NewHour(&row, translog.Salt{byte(h), 2})), true)
	if c := w.s.Charges; c != nil {
		c.Billable = lease.Quantity(c.Billable.Work().Add(row.Billable.Work()))
		c.Due, c.Charged = c.Due+row.DueSat, c.Charged+row.ChargedSat
	}
	w.count(row.Window)
	last, ends := w.lease.LastHour()
	if over := ends && last == hour; over || lease.MonthOf(fromMs) != lease.MonthOf(toMs) {
		w.closeMonth(hour, over)
	}
}

// count counts an hour of a kind.
func (w *moneyWorld) count(kind lease.WindowKind) {
	s := w.s.SLA
	if s == nil {
		return
	}
	switch kind {
	case lease.WindowUp:
		s.Up++
	case lease.WindowDown:
		s.Down++
	case lease.WindowExcluded:
		s.Excluded++
	default:
		s.Idle++
	}
}

// earn credits an hour's shares.
func (w *moneyWorld) earn(h int, row *lease.SettledHour) {
	if w.o.pool == "own" || !byShare(&w.terms) || row.Receipts == 0 {
		return
	}
	network := must(miner.Bits(easyBits).Target()).Work()
	group := reward.Group{Work: row.Proven.Work(), Network: network, RewardSat: moneyReward}
	if w.o.scheme == lease.SchemeFPPS && w.o.pool == "" {
		group.RewardSat = 5_000_007_777
	}
	was := w.earned.Sat
	w.earned = must(w.earned.Add(w.terms.FeePPM, group))
	row.EarnedSat = w.earned.Due(was)
	w.book(must(ledger.PPS(w.party(), w.at(h, 0), row.EarnedSat, w.at(h+1, 0))))
}

// charge charges an hour.
func (w *moneyWorld) charge(row *lease.SettledHour) {
	p := w.terms.Prices
	if p == nil {
		p = new(lease.Prices)
	}
	var power, usage int64
	switch w.o.model {
	case lease.Leased:
		before := w.billable.Total()
		if err := w.billable.Add(row.Hour, row.Proven.Work(), row.Contracted.Work()); err != nil {
			w.tb.Fatal(err)
		}
		row.Billable = lease.Quantity(w.billable.Total().Sub(before))
		if p.Work != nil {
			usage = must(p.Work.Charge(w.billable.Total()))
		}
	case lease.Hosted:
		w.energy = w.energy.Add(lease.EnergyOf(row.Proven.Work(), rigRated))
		w.rigMs += row.OwedMs * int64(len(w.lease.Rigs))
		row.Billable = row.Proven
		power, usage = must(p.Power.Charge(w.energy)), must(p.RigFee.Charge(w.rigMs))
	case lease.VirtualHosted:
		w.coreMs += row.OwedMs
		usage = must(p.Slice.Charge(w.coreMs))
	}
	power, w.powerSat = power-w.powerSat, power
	usage, w.usageSat = usage-w.usageSat, usage
	row.DueSat = power + usage
	ms := row.Hour * lease.MsPerHour
	if sat := min(power, w.balance(ledger.Prepaid("acme"))); sat > 0 {
		w.book(must(ledger.PowerUsage(w.party(), ms, sat, ms+lease.MsPerHour)))
		row.ChargedSat += sat
	}
	if sat := min(usage, w.balance(ledger.Prepaid("acme"))); sat > 0 {
		w.book(must(ledger.Usage(w.party(), ms, sat, ms+lease.MsPerHour)))
		row.ChargedSat += sat
	}
}

// closeMonth credits a month, and pays the lease off if it is over.
func (w *moneyWorld) closeMonth(hour int64, over bool) {
	ms := (hour + 1) * lease.MsPerHour
	sla := w.terms.SLA
	if sla == nil {
		sla = new(lease.SLA)
	}
	m := Month{FromMs: w.monthFrom, ToMs: ms, FeesSat: w.fees, Judged: sla.Credit(w.month), Leaf: -1}
	if over {
		m.ToMs = min(ms, w.lease.StopMs())
	}
	m.CreditSat = m.Judged.Sat(m.FeesSat)
	left := w.balance(ledger.Prepaid("acme"))
	if m.CreditSat > 0 {
		m.Leaf = w.book(must(ledger.SLACredit(w.party(), lease.MonthName(lease.MonthOf(hour*lease.MsPerHour)), over, m.CreditSat, ms)))
	}
	if over {
		if w.terms.Prices != nil && !m.Judged.FreeExit {
			m.ExitSat = reward.Fee(left, w.terms.Prices.EarlyExitPPM)
			w.book(must(ledger.ExitFee(w.party(), m.ExitSat, ms)))
		}
		if rest := left - m.ExitSat; rest > 0 {
			w.book(must(ledger.Refund(w.party(), "close", rest, ms)))
		}
	}
	if w.s.SLA != nil {
		w.s.SLA.Closed = append(w.s.SLA.Closed, m)
	}
	w.month, w.monthFrom, w.fees, w.used = lease.SLAPeriod{}, ms, 0, 0
}

// moneyBlock is a block that was found.
type moneyBlock struct {
	lease.Block
	job    int64
	split  receipt.Split
	found  lease.Transaction
	mature *lease.Transaction
	lost   []lease.Transaction
}

// find finds a block on a job of the hour, for some lease.
func (w *moneyWorld) find(h, seed int) *moneyBlock {
	split, _, _ := w.split()
	if split.Share(testLease) == 0 {
		return nil // the lease has no part of blocks
	}
	job := int64(len(w.log)) - 1
	for w.jobs[job] == nil {
		job--
	}
	if w.o.other != nil {
		job = w.otherJob(h)
	}
	t := w.jobs[job]
	network := must(miner.Bits(easyBits).Target())
	tag := lease.Tag{1, 2, 3}
	b := &moneyBlock{job: job, split: split, Block: lease.Block{Height: t.Height, Lease: "L-0001", Extranonce: []byte{0, 9, 0, 0, 0, byte(seed)}, Time: t.Time}}
	issue := t.Issue(tag, network, b.Extranonce[:2])
	for ; ; b.Nonce++ {
		_, hash, err := issue.Check(work.Share{Extranonce2: b.Extranonce[2:], Time: b.Time, Nonce: b.Nonce, HasVersion: true})
		if err == nil {
			b.Hash = hash
			break
		}
	}
	w.splits[string(must(split.Encode()))] = true
	w.s.Rewards = append(w.s.Rewards, Reward{Block: receipt.U256(b.Hash), Height: b.Height, Sat: split.Share(testLease), Direct: t.DirectShare(testLease, split), Job: job})
	w.again(h, b)
	return b
}

// moved adds the leaf of a block as it now stands.
func (w *moneyWorld) moved(b *moneyBlock) {
	at := w.append(must(leaf.NewBlock(&b.Block, b.job, lease.Tag{1, 2, 3})), true)
	for i := range w.s.Rewards {
		if r := &w.s.Rewards[i]; r.Block == receipt.U256(b.Hash) {
			r.State, r.Leaf = b.State, at
		}
	}
}

// again lets a block come to the chain.
func (w *moneyWorld) again(h int, b *moneyBlock) {
	if b == nil {
		return
	}
	_, fee, carry := w.split()
	b.found = must(ledger.Found(b.Block, ledger.Reward{Split: b.split, Fee: fee, Carry: carry, Tenants: map[string]string{testLease: "acme"}, Losses: b.lost}, w.at(h, 45)))
	w.book(b.found)
	b.State, b.Appearances = lease.Adopted, b.Appearances+1
	w.moved(b)
}

func (w *moneyWorld) mature(h int, b *moneyBlock) {
	if b == nil {
		return
	}
	var direct []string
	if w.o.direct {
		direct = []string{testLease}
	}
	t := ledger.Matured(b.Block, b.found, w.at(h, 46), direct...)
	b.mature, b.State = &t, lease.Mature
	w.book(t)
	w.moved(b)
}

// orphan takes a block off the chain.
func (w *moneyWorld) orphan(h int, b *moneyBlock) {
	if b == nil {
		return
	}
	if b.mature != nil {
		var all []lease.Balance
		for key, sat := range w.balances {
			all = append(all, lease.Balance{Account: key.Account, Lease: key.Lease, Sat: sat})
		}
		if loss, ok := ledger.Loss(b.Block, *b.mature, all, w.at(h, 47)); ok {
			b.lost = append(b.lost, loss)
			w.book(loss)
		}
	}
	for _, t := range ledger.Orphaned(b.Block, b.found, b.mature, w.at(h, 47)) {
		w.book(t)
	}
	b.State, b.mature = lease.Orphaned, nil
	w.moved(b)
}

// payout pays so much of what is available.
func (w *moneyWorld) payout(id, sat int64, h int) {
	intent := must(ledger.PayoutIntent(id, "txid-"+strconv.FormatInt(id, 10), []ledger.Due{{Party: w.party(), Sat: sat}}, w.at(h, 46)))
	w.book(intent)
	w.book(must(ledger.PayoutConfirmed(intent, "txid", 5, w.at(h, 46))))
}

// income shares a payment of the house's pool for the second hour.
func (w *moneyWorld) income() {
	own := w.s.Hours[1].Proven
	in := Income{Ref: "pool-1", FromMs: w.at(1, 0), ToMs: w.at(2, 0), Sat: 100_000, OwnWork: own, Work: lease.Quantity(own.Work().Mul(3))}
	in.GrossSat = 33_333
	in.FeeSat = reward.Fee(in.GrossSat, w.terms.FeePPM)
	split := []lease.Part{{Lease: testLease, Sat: in.NetSat()}, {Lease: lease.House, Sat: in.Sat - in.GrossSat}}
	in.Leaf = w.book(must(ledger.Income(in.Ref, split, in.FeeSat, map[string]string{testLease: "acme"}, w.at(4, 30))))
	w.s.HousePool.Incomes = append(w.s.HousePool.Incomes, in)
}
