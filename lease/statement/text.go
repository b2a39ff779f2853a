package statement

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// maxRewardLines is how many rewards Text lists, the newest ones.
const maxRewardLines = 20

// Text writes a signed statement for people, about eighty columns wide.
// Delivered rates are rounded down and intervals outward, as in the document.
func Text(w io.Writer, s *receipt.Statement) error {
	if s.Derived == nil || len(s.Signature) == 0 {
		return errors.New("the statement is not signed yet")
	}
	p := &page{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	p.line("STATEMENT", "lease %s  %s, SHA-256d  tenant %s", clean(s.Lease), clean(string(s.Model)), clean(s.Tenant))
	p.delivery(s)
	p.shares(s)
	if s.Pool != nil {
		p.pool(s)
	} else {
		p.rewards(s)
		p.housePool(s)
		p.earned(s)
	}
	p.charges(s)
	if s.Pool == nil || s.Balances != (receipt.Balances{}) {
		p.balances(s)
	}
	p.proof(s)
	p.line("RISK", "Mining is a lottery: no return is promised. Proven is what the receipts show;")
	p.line("", "counted, stale and rejected are the provider's word.")
	if s.Pool != nil {
		p.line("", "So is all that the pool is said to have answered. No share can prove whose account")
		p.line("", "the pool credits: compare what the pool itself shows you.")
	}
	if s.HousePool != nil {
		p.line("", "So are the payments of the house's pool, and that they are all.")
	}
	if p.err == nil {
		p.err = p.w.Flush()
	}
	return p.err
}

// page writes lines of a heading and a text; after an error, nothing more.
type page struct {
	w   *tabwriter.Writer
	err error
}

func (p *page) line(heading, format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, "%s\t%s\n", heading, fmt.Sprintf(format, args...))
	}
}

func (p *page) delivery(s *receipt.Statement) {
	length := s.Period.ToMs - s.Period.FromMs
	p.line("PERIOD", "%s to %s UTC, %s", day(s.Period.FromMs), day(s.Period.ToMs), span(length))
	p.line("", "node running %s of it", percent(miner.Hashes(uint64(s.Period.RunningMs)), miner.Hashes(uint64(length))))
	contracted, delivered := s.ContractedHps.Work(), s.Derived.DeliveredHps.Work()
	p.line("DELIVERY", "delivered %s, %s of the contracted %s", rate(delivered, false), percent(delivered, contracted), rate(contracted, false))
	p.line("", "95 %% interval %s to %s", rate(s.Derived.IntervalHps[0].Work(), false), rate(s.Derived.IntervalHps[1].Work(), true))
	p.line("", "proven %s hashes, counted %s hashes", groupDigits(s.ProvenWork.Work().String()), groupDigits(s.CountedHashes.Work().String()))
}

func (p *page) shares(s *receipt.Statement) {
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(s.Verdicts)) {
		if reason != lease.Stale {
			reasons = append(reasons, fmt.Sprintf("%s %d", clean(reason), s.Verdicts[reason]))
		}
	}
	line := fmt.Sprintf("accepted %s  stale %d  rejected %d", group(s.Receipts), s.Stale, s.Rejected)
	if len(reasons) > 0 {
		line += " (" + strings.Join(reasons, ", ") + ")"
	}
	p.line("SHARES", "%s", line)
}

func (p *page) rewards(s *receipt.Statement) {
	byState := map[lease.BlockState]int{}
	for _, r := range s.Rewards {
		byState[r.State]++
	}
	p.line("REWARDS", "blocks shared in: %d (mature %d, adopted %d, orphaned %d)", len(s.Rewards),
		byState[lease.Mature], byState[lease.Adopted], byState[lease.Orphaned])
	list := s.Rewards
	if len(list) > maxRewardLines {
		list = list[len(list)-maxRewardLines:]
		p.line("", "the newest %d; all are in the bundle:", maxRewardLines)
	}
	wide := 0
	for _, r := range list {
		wide = max(wide, len(strconv.FormatInt(r.Height, 10)))
	}
	direct := false
	for _, r := range list {
		note := ""
		switch {
		case r.Direct > 0:
			note, direct = "  direct", true
		case r.Kept > 0:
			note = "  kept " + group(r.Kept)
		}
		p.line("", "height %*d  %-8s %18s sat  %.16s..%s%s", wide, r.Height, clean(string(r.State)), group(r.Sat),
			miner.Hash(r.Block).String(), miner.Hash(r.Block).String()[56:], note)
	}
	if direct {
		p.line("", "direct: the block itself pays you, the provider never has it")
	}
}

// earned says what shares earned by themselves.
func (p *page) earned(s *receipt.Statement) {
	if s.Earned != nil {
		p.line("EARNED", "%s sat by the first %s receipts, whether blocks were found or not", group(s.Earned.Sat), group(s.Earned.Receipts))
		p.line("", "later ones are settled by the hour")
	}
}

func (p *page) balances(s *receipt.Statement) {
	b := &s.Balances
	p.line("BALANCES", "pending %s sat  available %s sat", group(b.Pending), group(b.Available))
	switch {
	case b.Other == 0:
	case s.HousePool != nil:
		p.line("", "of the available, %s sat are neither of blocks nor of the pool's payments: what", group(b.Other))
		p.line("", "shares earned, refunds and credits, less payouts")
	default:
		p.line("", "of the available, %s sat are not of blocks: what shares earned, refunds and", group(b.Other))
		p.line("", "credits, less payouts")
	}
}

func (p *page) proof(s *receipt.Statement) {
	p.line("PROOF", "%s receipts, terms %x.., tag %x", group(s.Receipts), s.Terms[:4], s.Tag)
	p.line("", "evidence %x", s.Evidence)
	p.line("", "provider %x", s.Provider)
	p.line("", "check it yourself, offline, by hashing every share again:")
	p.line("", "  hashlease statement %s --format bundle -o %s.bundle", clean(s.Lease), clean(s.Lease))
	check := fmt.Sprintf("  hashlease verify %s.bundle", clean(s.Lease))
	if s.Pool != nil {
		check += " --pool-work WORK"
	}
	p.line("", "%s", check)
	if s.Pool != nil {
		p.line("", "WORK is what the pool shows that it credited you with since the start:")
		p.line("", "hashes, as in 1.25PH, or a sum of difficulties, as in 290kD")
	}
}

// rate writes a hash rate with an SI prefix and four digits, rounded down or
// up.
func rate(w miner.Work, up bool) string {
	n := w.Lo
	if w.Hi != 0 {
		n = ^uint64(0)
	}
	const prefixes = " kMGTPE"
	unit, prefix := uint64(1), 0
	for n/unit >= 1000 && prefix < len(prefixes)-1 {
		unit, prefix = unit*1000, prefix+1
	}
	if prefix == 0 {
		return fmt.Sprintf("%d H/s", n)
	}
	decimals, scale := 3, uint64(1000)
	for n/unit >= 10000/scale {
		decimals, scale = decimals-1, scale/10
	}
	hi, lo := bits.Mul64(n, scale)
	m, rest := bits.Div64(hi, lo, unit)
	if up && rest != 0 {
		m++
	}
	return fmt.Sprintf("%d.%0*d %cH/s", m/scale, decimals, m%scale, prefixes[prefix])
}

// percent writes part of whole in hundredths of a per cent, rounded down.
func percent(part, whole miner.Work) string {
	if whole.IsZero() {
		return "0.00 %"
	}
	n := new(big.Int).Mul(part.Big(), big.NewInt(10_000))
	n.Quo(n, whole.Big())
	whole100, rest := n.QuoRem(n, big.NewInt(100), new(big.Int))
	return fmt.Sprintf("%s.%02d %%", whole100, rest.Int64())
}

// group writes a number with a space between thousands.
func group(n int64) string { return groupDigits(strconv.FormatInt(n, 10)) }

func groupDigits(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return sign + s
}

func day(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") }

// span writes a length of time in its two largest units.
func span(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	const dayLength = 24 * time.Hour
	if d >= dayLength {
		return fmt.Sprintf("%d d %d h", d/dayLength, d%dayLength/time.Hour)
	}
	return d.Round(time.Millisecond).String()
}

// clean keeps a foreign word from steering the terminal.
func clean(s string) string {
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}
