package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
)

// summaryDoc is what a node that ended prints with --json.
type summaryDoc struct {
	UptimeMs int64                    `json:"uptime_ms"`
	Kernel   string                   `json:"kernel"`
	Threads  int                      `json:"threads"`
	Hashes   uint64                   `json:"hashes"`
	Hps      uint64                   `json:"hps"` // over the run
	Coin     string                   `json:"coin"`
	Height   int64                    `json:"height"`
	Found    int                      `json:"found"`   // blocks of this run
	Blocks   map[lease.BlockState]int `json:"blocks"`  // of all runs
	Leases   []summaryRow             `json:"leases"`  // the house last
	Stratum  *stratumDoc              `json:"stratum"` // the port for rigs; null: none
}

// summaryRow is what one lease got: work in this run, rewards of all runs.
type summaryRow struct {
	Lease         string     `json:"lease"`
	Tenant        string     `json:"tenant"`
	Model         string     `json:"model,omitempty"`
	PausedBy      []string   `json:"paused_by,omitempty"`
	ContractedHps uint64     `json:"contracted_hps"`
	CountedHashes uint64     `json:"counted_hashes"`
	CountedHps    uint64     `json:"counted_hps"`
	ProvenHps     uint64     `json:"proven_hps"`
	IntervalHps   [2]uint64  `json:"interval_hps"`
	Receipts      uint64     `json:"receipts"`
	Rejected      uint64     `json:"rejected"`
	Stale         uint64     `json:"stale"`
	Reward        rewardSums `json:"reward"`

	// Of leases that are charged or promised a rate.
	Budget *lease.BudgetState  `json:"budget,omitempty"`
	Period *lease.PeriodClosed `json:"period,omitempty"` // the running month, as if it ended now
}

// rewardSums are satoshi that belong to a lease.
type rewardSums struct {
	Pending   int64 `json:"pending"`   // of blocks that are not mature
	Available int64 `json:"available"` // of mature blocks
}

// printSummary tells what the run that just ended did.
func (n *node) printSummary(ctx context.Context, asJSON bool) error {
	s := n.dispatch.Snapshot()
	balances, err := n.store.Balances(ctx)
	if err != nil {
		return err
	}
	ms := s.Uptime.Milliseconds()
	for i := range s.Rows { // a run is summed up by all of it, not by its last seconds
		s.Rows[i].CountedHps = perSecond(s.Rows[i].Counted, ms)
	}
	d := newSummary(&s, balances)
	d.Found = max(0, sumBlocks(d.Blocks)-n.before)
	d.Stratum = n.stratumDoc()
	if err := n.addStand(ctx, d.Leases); err != nil {
		return err
	}
	if asJSON {
		return writeJSON(n.e.stdout, d)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ran %v with kernel %s on %s: %d hashes, %s\n\n",
		s.Uptime.Round(100*time.Millisecond), d.Kernel, plural(d.Threads, "thread"), d.Hashes, formatRate(d.Hps))
	b.WriteString(rowTable(s.Rows, false, n.screen.term.columns()))
	fmt.Fprintf(&b, "\nblocks: %d found in this run; in all %s; height %d\n\n", d.Found, blockCounts(d.Blocks), d.Height)
	if r := d.Stratum; r != nil && r.Logins > 0 {
		fmt.Fprintf(&b, "rigs: %s, %d shares accepted, %d refused\n\n", plural(int(r.Logins), "login"), r.Accepted, sum(r.Refused))
	}
	b.WriteString(rewardTable(d.Leases))
	b.WriteString(standTable(d.Leases))
	b.WriteString(n.nextSteps(s.Rows))
	_, err = fmt.Fprint(n.e.stdout, b.String())
	return err
}

func newSummary(s *dispatch.Snapshot, balances []lease.Balance) summaryDoc {
	ms := s.Uptime.Milliseconds()
	d := summaryDoc{
		UptimeMs: ms, Kernel: s.Kernel, Threads: s.Threads, Hashes: s.Hashes, Hps: perSecond(s.Hashes, ms),
		Coin: s.Coin, Height: s.Height, Blocks: maps.Clone(s.Blocks),
	}
	if d.Blocks == nil {
		d.Blocks = map[lease.BlockState]int{}
	}
	sums := sumRewards(balances)
	for i := range s.Rows {
		r := &s.Rows[i]
		d.Leases = append(d.Leases, summaryRow{
			Lease: r.Lease, Tenant: r.Tenant, Model: string(r.Model), PausedBy: words(r.Paused), ContractedHps: r.ContractedHps,
			CountedHashes: r.Counted, CountedHps: r.CountedHps,
			ProvenHps: r.ProvenHps, IntervalHps: [2]uint64{r.LoHps, r.HiHps},
			Receipts: r.Receipts, Rejected: r.Rejected, Stale: r.Stale,
			Reward: sums[r.Lease],
		})
	}
	return d
}

// sum adds counters up.
func sum(by map[string]uint64) (all uint64) {
	for _, n := range by {
		all += n
	}
	return all
}

// perSecond is n hashes in ms milliseconds as a rate.
func perSecond(n uint64, ms int64) uint64 {
	if ms <= 0 {
		return 0
	}
	return uint64(float64(n) / float64(ms) * 1000)
}

// sumRewards adds up what the books say belongs to each lease, but for what it
// has prepaid or is being paid. The house has the fees and its part of the
// mining.
func sumRewards(balances []lease.Balance) map[string]rewardSums {
	sums := make(map[string]rewardSums)
	for _, b := range balances {
		id, sat := b.Lease, -b.Sat // liabilities and revenue are credits
		switch {
		case strings.HasPrefix(b.Account, lease.Liability) && (strings.HasSuffix(b.Account, ":pending") || strings.HasSuffix(b.Account, ":available")):
		case strings.HasPrefix(b.Account, ledger.Fee) || strings.HasPrefix(b.Account, ledger.Mining):
			id = lease.House
		default:
			continue
		}
		s := sums[id]
		if strings.HasSuffix(b.Account, ":pending") {
			s.Pending += sat
		} else {
			s.Available += sat
		}
		sums[id] = s
	}
	return sums
}

func rewardTable(rows []summaryRow) string {
	cells := [][]string{{"REWARD OF", "TENANT", "PENDING COINS", "AVAILABLE COINS"}}
	for _, r := range rows {
		cells = append(cells, []string{r.Lease, r.Tenant, formatSat(r.Reward.Pending), formatSat(r.Reward.Available)})
	}
	return table(cells, "PENDING COINS", "AVAILABLE COINS")
}

// nextSteps are the commands that show and check what a lease got.
func (n *node) nextSteps(rows []dispatch.Row) string {
	i := slices.IndexFunc(rows, func(r dispatch.Row) bool { return r.Lease != lease.House && r.Receipts > 0 })
	if i < 0 {
		return ""
	}
	id, data := rows[i].Lease, ""
	if n.dir != defaultConfig().Node.Data {
		data = " --data " + filepath.ToSlash(n.dir)
	}
	return fmt.Sprintf("\nnext, the proof of what %s got, and its check:\n"+
		"  %s statement %s%s --format bundle -o %s.bundle\n"+
		"  %s verify %s.bundle --key %x\n", rows[i].Tenant, n.e.program, id, data, id, n.e.program, id, n.public())
}
