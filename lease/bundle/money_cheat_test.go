package bundle

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// moneyCheat is a provider who cheats from the beginning: what is logged and what
// is stated agree.
type moneyCheat struct {
	what  string
	lease string // of moneyCases
	do    func(o *moneyOptions)
	check string // that catches it; "" if none can
	says  string
}

// inRow cheats with the figures of an hour.
func inRow(hour int, do func(r *lease.SettledHour)) func(o *moneyOptions) {
	return func(o *moneyOptions) {
		o.cheat.row = func(h int, r *lease.SettledHour) {
			if h == hour {
				do(r)
			}
		}
	}
}

// inTx cheats with what transactions of a kind book.
func inTx(kind string, do func(t *lease.Transaction)) func(o *moneyOptions) {
	return func(o *moneyOptions) {
		o.cheat.tx = func(t *lease.Transaction) {
			if t.Kind == kind {
				do(t)
			}
		}
	}
}

// inJobs cheats with all templates.
func inJobs(do func(t *receipt.Template)) func(o *moneyOptions) {
	return func(o *moneyOptions) { o.cheat.template = do }
}

// atContract cheats with the second leaf of the contract.
func atContract(do func(l *lease.Lease)) func(o *moneyOptions) {
	return func(o *moneyOptions) {
		o.cheat.contract = func(n int, l *lease.Lease) {
			if n == 1 {
				do(l)
			}
		}
	}
}

func more(q lease.Quantity, n uint64) lease.Quantity {
	return lease.Quantity(q.Work().Add(miner.Hashes(n)))
}

// grow makes all amounts of a transaction a satoshi more.
func grow(t *lease.Transaction) {
	for i := range t.Postings {
		if t.Postings[i].Sat > 0 {
			t.Postings[i].Sat++
		} else {
			t.Postings[i].Sat--
		}
	}
}

func moneyCheats() []moneyCheat {
	return []moneyCheat{
		// Corrections.
		{"a correction that takes more than was due", "tides", inCorrection(func(t *lease.Transaction) {
			t.Postings[0].Sat, t.Postings[2].Sat = t.Postings[0].Sat+9, t.Postings[2].Sat-9
		}), "books", "that are due"},
		{"a correction of what nobody took back", "tides", inCorrection(func(t *lease.Transaction) {
			t.Key = strings.Replace(t.Key, "#2", "#3", 1)
		}), "books", "which is not booked"},
		{"a correction of an hour that stands", "tides", inCorrection(func(t *lease.Transaction) {
			t.Key = strings.Replace(t.Key, "T22Z", "T21Z", 1)
		}), "books", "which is not taken back"},
		{"a correction of another lease's charge", "tides", inCorrection(func(t *lease.Transaction) {
			t.Key = strings.Replace(t.Key, testLease, "L-0003", 1)
		}), "books", "of another lease"},
		// Hours.
		{"less time owed", "tides", inRow(1, func(r *lease.SettledHour) { r.OwedMs -= 1000 }), "hours", "time owed"},
		{"less work owed", "tides", inRow(1, func(r *lease.SettledHour) { r.Contracted = more(r.Contracted, 9) }), "hours", "work owed"},
		{"more work proven", "tides", inRow(1, func(r *lease.SettledHour) { r.Proven = more(r.Proven, 300) }), "hours", "work of its batches"},
		{"more receipts", "tides", inRow(1, func(r *lease.SettledHour) { r.Receipts++ }), "hours", "number of receipts"},
		{"an hour down is up", "tides", inRow(2, func(r *lease.SettledHour) { r.Window = lease.WindowUp }), "hours", "kind of its window"},
		{"an hour down is excluded", "tides", inRow(2, func(r *lease.SettledHour) { r.Window, r.ExcludedMs = lease.WindowExcluded, lease.MsPerHour }), "hours", "by the exclusions in the log"},
		{"a higher bound", "tides", inRow(2, func(r *lease.SettledHour) { r.Upper = more(r.Upper, 1) }), "hours", "97.5 % bound"},
		{"more work is billable", "tides", inRow(1, func(r *lease.SettledHour) { r.Billable = more(r.Billable, 1) }), "charges", "are billable"},
		{"over-delivery is billable", "tides", inRow(4, func(r *lease.SettledHour) { r.Billable = more(r.Billable, 900) }), "charges", "are billable"},
		{"more is due", "tides", inRow(1, func(r *lease.SettledHour) { r.DueSat++ }), "charges", "by the price"},
		{"more is charged", "tides", inRow(1, func(r *lease.SettledHour) { r.ChargedSat++ }), "charges", "are charged of"},
		{"more is charged than booked", "tides", inRow(4, func(r *lease.SettledHour) { r.ChargedSat++ }), "books", "its lines book"},
		{"rigs use more", "hosted", inRow(4, func(r *lease.SettledHour) { r.DueSat += 50 }), "charges", "least efficient rig"},
		{"processors cost more", "virtual", inRow(1, func(r *lease.SettledHour) { r.DueSat += 40 }), "charges", "due"},
		{"time of hosted rigs is billable", "hosted", inRow(1, func(r *lease.SettledHour) { r.Billable = more(r.Billable, 1) }), "charges", "are billable"},
		{"less is earned", "pps", inRow(1, func(r *lease.SettledHour) { r.EarnedSat-- }), "earned", "earned are"},
		{"less is earned at the house's pool", "house pps", inRow(1, func(r *lease.SettledHour) { r.EarnedSat-- }), "earned", "earned are"},
		{"the node ran for less", "tides", inRow(1, func(r *lease.SettledHour) { r.RunningMs-- }), "meter", "running for"},
		{"more was counted", "tides", inRow(1, func(r *lease.SettledHour) { r.Counted = more(r.Counted, 1_000_000) }), "counted", "standard deviations short"},
		{"a little more was counted", "tides", inRow(1, func(r *lease.SettledHour) { r.Counted = more(r.Counted, 10) }), "", ""},

		// Books.
		{"more is taken for an hour", "tides", inTx(ledger.KindUsage, grow), "books", "its lines book"},
		{"less is credited", "tides", inTx(ledger.KindSLA, func(t *lease.Transaction) { t.Postings[0].Sat--; t.Postings[1].Sat++ }), "sla", "a credit of"},
		{"a credit goes to revenue", "tides", inTx(ledger.KindSLA, func(t *lease.Transaction) { t.Postings[1].Account = ledger.LeaseRevenue }), "books", "want one amount"},
		{"usage of another hour", "tides", inTx(ledger.KindUsage, func(t *lease.Transaction) { t.AtMs-- }), "books", "not of the hour's end"},
		{"leaving costs more", "exit", inTx(ledger.KindExit, func(t *lease.Transaction) { t.Postings[0].Sat += 50; t.Postings[1].Sat -= 50 }), "books", "the terms allow"},
		{"a part of the block is missing", "tides", inTx(ledger.KindFound, func(t *lease.Transaction) { shrink(t, ledger.Pending("acme")) }), "rewards", "by the split it is"},
		{"less matures", "tides", inTx(ledger.KindMatured, func(t *lease.Transaction) { shrink(t, ledger.Available("acme")) }), "rewards", "by the split it is"},
		{"more leaves with a block", "tides", inTx(ledger.KindOrphaned, grow), "rewards", "by the split it is"},
		{"a direct part is owed once more", "direct", inTx(ledger.KindMatured, func(t *lease.Transaction) {
			t.Postings = append(t.Postings, lease.Posting{Account: ledger.Available("acme"), Lease: testLease, Sat: -5})
		}), "rewards", "by the split it is"},
		{"less of the pool's payment", "house", inTx(ledger.KindIncome, func(t *lease.Transaction) { shrink(t, ledger.Available("acme")) }), "incomes", "does not book"},
		{"an unknown kind", "tides", inTx(ledger.KindIntent, func(t *lease.Transaction) { t.Kind, t.Key = "gift", "gift:1" }), "books", "not known"},
		{"a payment that came in is less", "tides", inTx(ledger.KindPrepay, func(t *lease.Transaction) {
			if !strings.Contains(t.Key, "mistyped") {
				shrink(t, ledger.Prepaid("acme"))
			}
		}), "", ""},

		// Jobs.
		{"a higher fee", "tides", inJobs(func(t *receipt.Template) { t.Fee++ }), "fee", "the terms allow"},
		{"an output of the provider's own", "tides", inJobs(func(t *receipt.Template) {
			t.Coinb2 = append(appendOutput([]byte{0xff, 0xff, 0xff, 0xff, 1}, moneyReward, []byte{0x51, 1, 1}), 0, 0, 0, 0)
		}), "outputs", "the terms say"},
		{"a block that is not its finder's", "solo", inJobs(func(t *receipt.Template) { t.Split = receipt.B32{1} }), "scheme", "is its finder's"},
		{"what a window leaves, without one", "tides", inJobs(func(t *receipt.Template) { t.Carry = 5 }), "scheme", "are carried"},
		{"shares are worth less", "pps", inJobs(func(t *receipt.Template) { t.Earns.Sat-- }), "scheme", "its reward is"},
		{"shares are worth nothing", "pps", inJobs(func(t *receipt.Template) { t.Earns = nil }), "scheme", "missing"},
		{"no subsidy", "fpps", inJobs(func(t *receipt.Template) { t.Earns.Sat-- }), "scheme", "not the subsidy"},
		{"other fees on one day", "fpps", inJobs(func(t *receipt.Template) {
			t.Earns.Sat, t.Earns.FeesSat = t.Earns.Sat+int64(t.Time%7), t.Earns.FeesSat+int64(t.Time%7)
		}), "scheme", "of the same day"},
		{"direct outputs against the terms", "direct", func(o *moneyOptions) { o.cheat.terms = func(t *lease.Terms) { t.Direct = nil } }, "outputs", "the terms say that the house does"},
		{"the pool's coinbase pays the house", "own pool", func(o *moneyOptions) {
			o.cheat.terms = func(t *lease.Terms) { t.HouseScript = hex.EncodeToString([]byte{0x51, 0x20, 5, 5}) }
		}, "outputs", "pays the script of the house"},

		// The contract.
		{"another rate", "tides", atContract(func(l *lease.Lease) { l.ContractedHps = 2 }), "contract", "its rate was"},
		{"another term", "exit", atContract(func(l *lease.Lease) { l.EndMs -= lease.MsPerHour }), "contract", "only gets longer"},
		{"other processors", "virtual", atContract(func(l *lease.Lease) { l.Cores = []int{4} }), "contract", "rigs or processors"},
		{"another tenant", "tides", atContract(func(l *lease.Lease) { l.Tenant = "eve" }), "contract", "its tenant"},
		{"another pause in the place of one", "tides", func(o *moneyOptions) {
			o.cheat.contract = func(n int, l *lease.Lease) {
				if n == 2 {
					l.Pauses[0].FromMs -= 1000
				}
			}
		}, "contract", "was another one before"},
		{"terms that cannot be", "tides", func(o *moneyOptions) { o.cheat.terms = func(t *lease.Terms) { t.Tides.MaxDays = 0 } }, "terms", "positive bounds"},
	}
}

// shrink gives a satoshi less to an account.
func shrink(t *lease.Transaction, account string) {
	for i := range t.Postings {
		if t.Postings[i].Account == account {
			t.Postings[i].Sat++
		}
	}
}

// inCorrection cheats with what is right instead of what was charged for an hour.
func inCorrection(do func(t *lease.Transaction)) func(o *moneyOptions) {
	return inTx(ledger.KindUsage, func(t *lease.Transaction) {
		if strings.Contains(t.Key, "#") {
			do(t)
		}
	})
}

func TestMoneyCheats(t *testing.T) {
	mined := make(mined)
	for _, c := range moneyCheats() {
		t.Run(c.what, func(t *testing.T) {
			o := moneyCases()[c.lease]
			o.mined = mined
			c.do(&o)
			r := verify(t, pack(t, moneyBundle(t, o).moneyProve()), Options{})
			found := false
			for _, check := range r.Checks {
				if !check.OK && c.check == "" {
					t.Errorf("%s: %s", check.Name, check.Detail)
				}
				if !check.OK && check.Name == c.check {
					found = true
					if !strings.Contains(check.Detail, c.says) {
						t.Errorf("%s says %q, want %q", check.Name, check.Detail, c.says)
					}
				}
			}
			if c.check != "" && !found {
				t.Errorf("not caught by %s, but by %q", c.check, failed(r))
			}
		})
	}
}
