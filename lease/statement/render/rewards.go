package render

import (
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

func (w *writer) rewards() []block {
	s := w.s
	if s.Pool != nil {
		return w.ownPool()
	}
	var blocks []block
	var facts []fact
	if t := w.x.Terms; t != nil {
		facts = append(facts, fact{Label: "Scheme", Value: clean(t.Scheme), Note: "the provider’s fee is " + shortPPM(t.FeePPM) + ", by the terms"})
	}
	type sum struct{ n, sat, direct int64 }
	sums := map[lease.BlockState]sum{}
	for i := range s.Rewards {
		r := &s.Rewards[i]
		x := sums[r.State]
		sums[r.State] = sum{x.n + 1, x.sat + r.Sat, x.direct + r.Direct}
	}
	say := func(label string, state lease.BlockState, note string, open bool) {
		if x := sums[state]; x.n > 0 {
			facts = append(facts, fact{Label: label, Value: sats(x.sat), Note: count(x.n, "block", "blocks") + note, Open: open})
		}
	}
	say("Mature", lease.Mature, "; yours for good", false)
	say("Pending", lease.Adopted, " on the chain; available when mature, nothing if orphaned", true)
	say("Orphaned", lease.Orphaned, " that left the chain; taken back", false)
	if sat := lines(s, ledger.KindPPS); sat != 0 {
		facts = append(facts, fact{Label: "Earned by shares", Value: sats(sat), Note: "whether blocks were found or not", Open: s.State != bundle.Final})
	}
	if len(facts) > 0 {
		blocks = append(blocks, block{Facts: facts})
	}
	if len(s.Rewards) > 0 {
		blocks = append(blocks, block{Table: rewardTable(s.Rewards)})
	} else {
		blocks = append(blocks, block{Text: "No block with a part of yours was booked in this period."})
	}
	if s.HousePool != nil {
		blocks = append(blocks, w.housePool()...)
	}
	return append(blocks, block{Note: "How many blocks your work could expect to find, and so how lucky it was, is not stated here."})
}

func rewardTable(rewards []bundle.Reward) *table {
	t := &table{Caption: "Blocks with a part of yours", Columns: []column{
		{Name: "Height", Number: true}, {Name: "Block", Wide: 3}, {Name: "State"}, {Name: "Your part, sat", Number: true}, {Name: "Paid by", Wide: 1}, {Name: "Leaf", Number: true},
	}}
	for i := range rewards {
		r := &rewards[i]
		hash := miner.Hash(r.Block).String()
		by, kind := "the house", ""
		if r.Direct > 0 {
			by = "the block itself"
		}
		if r.State == lease.Adopted {
			kind = rowOpen
		}
		t.Rows = append(t.Rows, row{Kind: kind, Cells: []string{group(r.Height), hash[:12] + "…" + hash[56:], clean(string(r.State)), group(r.Sat), by, group(r.Leaf)}})
	}
	return t.shortened("the newest; all are in the signed document")
}

// shortened keeps the last rows where there are many, and says so.
func (t *table) shortened(where string) *table {
	if len(t.Rows) > maxSmallRows {
		t.Caption += " (" + group(maxSmallRows) + " of " + group(int64(len(t.Rows))) + ", " + where + ")"
		t.Rows = t.Rows[len(t.Rows)-maxSmallRows:]
	}
	return t
}

func (w *writer) housePool() []block {
	p := w.s.HousePool
	facts := []fact{{Label: "The house’s pool", Value: cleanList(p.URLs), Note: "part of your work went there; the house is paid and shares by proven work"}}
	blocks := []block{{Facts: append(facts, poolCounts(&p.Counts)...)}}
	if len(p.Incomes) == 0 {
		return append(blocks, block{Text: "No payment of that pool was booked in this period."})
	}
	t := &table{Caption: "Payments of the house’s pool", Columns: []column{
		{Name: "For, UTC", Wide: 3}, {Name: "Payment, sat", Number: true}, {Name: "Your work", Number: true}, {Name: "Yours, sat", Number: true},
		{Name: "Fee, sat", Number: true}, {Name: "Net, sat", Number: true}, {Name: "Leaf", Number: true},
	}}
	for i := range p.Incomes {
		in := &p.Incomes[i]
		t.Rows = append(t.Rows, row{Cells: []string{minute(in.FromMs) + " to " + minute(in.ToMs), group(in.Sat),
			percent(in.OwnWork.Work().Big(), in.Work.Work().Big()), group(in.GrossSat), group(in.FeeSat), group(in.NetSat()), group(in.Leaf)}})
	}
	return append(blocks, block{Table: t.shortened("the newest; all are in the signed document")})
}

func (w *writer) ownPool() []block {
	p := w.s.Pool
	facts := []fact{
		{Label: "Your pool", Value: cleanList(p.URLs)},
		{Label: "Your user there", Value: clean(p.User)},
	}
	for _, a := range p.Former {
		facts = append(facts, fact{Label: "Before", Value: clean(a.User), Note: "at " + cleanList(a.URLs) + ", until " + minute(a.UntilMs) + " UTC"})
	}
	facts = append(facts, poolCounts(&p.Counts)...)
	if z := w.d.PoolZMilli; z != nil {
		note := "standard deviations between what the pool accepted and what was proven; within ±4 luck explains it"
		facts = append(facts, fact{Label: "Compared", Value: signedMilli(*z), Note: note})
	}
	return []block{
		{Text: "Rewards come from your pool and never pass the provider, who does not know them."},
		{Facts: facts},
		{Note: "These are the pool’s answers as the provider reports them. Compare the work that the pool’s own page shows for your user: hashlease verify --pool-work does."},
	}
}

func poolCounts(c *bundle.PoolCounts) []fact {
	n := func(v uint64) string { return groupDigits(new(big.Int).SetUint64(v).String()) }
	return []fact{
		{Label: "Accepted there", Value: hashes(c.AcceptedWork.Work()), Note: n(c.Accepted) + " shares; " + percent(c.AcceptedWork.Work().Big(), c.SentWork.Work().Big()) + " of the work sent"},
		{Label: "Sent there", Value: hashes(c.SentWork.Work()), Note: n(c.Sent) + " shares; rejected " + n(c.Rejected) + ", stale " + n(c.Stale)},
	}
}

// signedMilli writes thousandths with their sign.
func signedMilli(n int64) string {
	sign, u := "+", uint64(n)
	if n < 0 {
		sign, u = "−", -u
	}
	return sign + groupDigits(new(big.Int).SetUint64(u/1000).String()) + "." + padded(u%1000/10)
}

func padded(n uint64) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

func cleanList(words []string) string {
	text := ""
	for i, s := range words {
		if i > 0 {
			text += ", "
		}
		text += clean(s)
	}
	return text
}
