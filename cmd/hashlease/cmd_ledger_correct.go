package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// correctionDoc is a correction as --json prints it.
type correctionDoc struct {
	Key          string           `json:"key"` // of what was wrong
	Reason       string           `json:"reason"`
	DryRun       bool             `json:"dry_run"` // nothing was booked
	Transactions []transactionDoc `json:"transactions"`
}

func runLedgerCorrect(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "ledger correct", "KEY --reason TEXT --posting ACCOUNT[@LEASE]=SAT…|--none [--dry-run] [--json]",
		"Takes back the transaction of that key by its exact reversal, and books what is\n"+
			"right in its place: all its postings, debits positive and credits negative. With\n"+
			"--none it should never have been booked. Nothing is erased: both stay in the books,\n"+
			"with an event that says why. Blocks and payouts have reversals of their own.")
	var postings list
	f.Var(&postings, "posting", "a posting as it should have been, such as `liab:acme:prepaid@L-0001=-5000`; again for each of them; the lease may be left out where the account's is the same as before")
	reason := f.String("reason", "", "why, a line of `TEXT` for whoever audits the books")
	none := f.Bool("none", false, "book nothing in its place")
	dryRun := f.Bool("dry-run", false, "only show what would be booked")
	pos, err := f.parse(args, 1, 1)
	switch {
	case err != nil:
		return err
	case !oneLine(*reason):
		return f.usage("--reason: want 1 to %d bytes of text in one line", maxReason)
	case *none == (len(postings) > 0):
		return f.usage("want either --posting, for what should have been booked, or --none")
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	wrong, err := p.correctable(ctx, pos[0])
	if err != nil {
		return err
	}
	txs, err := p.correction(ctx, &wrong, postings, e.nowMs())
	if err != nil {
		return err
	}
	if !*dryRun {
		if err := p.bookCorrection(ctx, &wrong, txs, *reason); err != nil {
			return err
		}
		for i := range txs {
			if txs[i], err = p.store.Transaction(ctx, txs[i].Key); err != nil {
				return err
			}
		}
	}
	if *f.json {
		doc := correctionDoc{Key: wrong.Key, Reason: *reason, DryRun: *dryRun}
		for i := range txs {
			doc.Transactions = append(doc.Transactions, newTransactionDoc(&txs[i]))
		}
		return writeJSON(e.stdout, doc)
	}
	if *dryRun {
		fmt.Fprintln(e.stdout, "nothing is booked yet; this would be, under the next numbers:")
	}
	return printTransactions(e.stdout, func(yield func(lease.Transaction, error) bool) {
		for _, t := range txs {
			if !yield(t, nil) {
				return
			}
		}
	})
}

// maxReason bounds the reason of a correction in bytes.
const maxReason = 500

func oneLine(text string) bool {
	return strings.TrimSpace(text) != "" && len(text) <= maxReason && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// correctable finds the transaction that is to be corrected, and refuses one
// that was taken back already.
func (p *provider) correctable(ctx context.Context, key string) (lease.Transaction, error) {
	t, err := p.store.Transaction(ctx, key)
	if errors.Is(err, lease.ErrNotFound) {
		return t, withHint(usage("no transaction has the key %.100q", key), "\"hashlease ledger show --transactions\" lists them")
	}
	if err != nil {
		return t, err
	}
	back, err := p.store.Transaction(ctx, ledger.ReversalKey(key))
	if errors.Is(err, lease.ErrNotFound) {
		return t, nil
	}
	if err == nil {
		err = withHint(usage("transaction %s was taken back already, at %s", key, formatMs(back.AtMs)),
			"if what was booked in its place is wrong too, correct that: its key ends in #2 or the next number")
	}
	return t, err
}

// correction is what corrects a transaction: by one of these postings, or by
// none.
func (p *provider) correction(ctx context.Context, wrong *lease.Transaction, postings []string, atMs int64) ([]lease.Transaction, error) {
	var right *lease.Transaction
	if len(postings) > 0 {
		r := *wrong
		r.Key, _, _ = strings.Cut(wrong.Key, "#") // of the first version
		r.Seq, r.Postings = 0, nil
		for _, text := range postings {
			posting, err := parsePosting(text, wrong.Postings)
			if err != nil {
				return nil, err
			}
			if err := p.checkPosting(ctx, &posting); err != nil {
				return nil, err
			}
			r.Postings = append(r.Postings, posting)
		}
		if slices.Equal(r.Postings, wrong.Postings) {
			return nil, usage("transaction %s is booked like that already", wrong.Key)
		}
		right = &r
	}
	txs, err := ledger.Correct(*wrong, right, atMs)
	if err != nil {
		return nil, withHint(usage("%w", err), "\"hashlease ledger show --transactions --json\" shows how it is booked")
	}
	return txs, nil
}

// parsePosting reads ACCOUNT[@LEASE]=SAT. Without a lease it is that of the
// account's postings before, if these have one alone.
func parsePosting(text string, before []lease.Posting) (lease.Posting, error) {
	name, amount, ok := strings.Cut(text, "=")
	sat, err := strconv.ParseInt(strings.TrimSuffix(strings.ToLower(amount), "sat"), 10, 64)
	if !ok || err != nil || sat == 0 || sat > lease.MaxSat || sat < -lease.MaxSat {
		return lease.Posting{}, usage("--posting %.80q: want ACCOUNT=SAT, a debit or a negative credit in satoshi, such as revenue:lease=-5000", text)
	}
	account, id, named := strings.Cut(name, "@")
	posting := lease.Posting{Account: account, Lease: id, Sat: sat}
	if named {
		return posting, nil
	}
	var leases []string
	for _, p := range before {
		if p.Account == account && !slices.Contains(leases, p.Lease) {
			leases = append(leases, p.Lease)
		}
	}
	if len(leases) != 1 {
		return posting, withHint(usage("--posting %.80q: for which lease?", text), "write %s@LEASE=%d, or %s@=%d for none", account, sat, account, sat)
	}
	posting.Lease = leases[0]
	return posting, nil
}

// checkPosting refuses a posting about a lease that is not there, or another
// tenant's.
func (p *provider) checkPosting(ctx context.Context, posting *lease.Posting) error {
	tenant, owed := strings.CutPrefix(posting.Account, lease.Liability)
	if !owed && (posting.Lease == "" || posting.Lease == lease.House) {
		return nil
	}
	l, err := p.findLease(ctx, posting.Lease)
	if err != nil {
		return err
	}
	if tenant, _, _ = strings.Cut(tenant, ":"); owed && tenant != l.Tenant {
		return usage("account %s is not of the tenant of lease %s, who is %s", posting.Account, l.ID, l.Tenant)
	}
	return nil
}

// bookCorrection books a correction with the event that says why.
func (p *provider) bookCorrection(ctx context.Context, wrong *lease.Transaction, txs []lease.Transaction, reason string) error {
	body := lease.Corrected{Key: wrong.Key, Reversal: ledger.ReversalKey(wrong.Key), Reason: reason}
	for i := range txs {
		if txs[i].Key != body.Reversal {
			body.Right = txs[i].Key
		}
	}
	event, err := lease.NewEvent(lease.EventCorrected, txs[0].AtMs, "corrected:"+wrong.Key, body)
	if err != nil {
		return err
	}
	// A prepayment has its lease in one of its postings alone.
	for _, posting := range wrong.Postings {
		if posting.Lease == "" || posting.Lease == lease.House {
			continue
		}
		if event.Lease != "" && event.Lease != posting.Lease {
			event.Lease, event.Tenant = "", ""
			break
		}
		l, err := p.store.Lease(ctx, posting.Lease)
		if err != nil {
			return err
		}
		event = event.Of(&l)
	}
	err = p.store.PostAll(ctx, txs, event)
	switch {
	case errors.Is(err, lease.ErrOverdrawn):
		return withHint(err, "part of it was used or paid out already: no more can be taken back than is there, see \"hashlease ledger show\"")
	case errors.Is(err, lease.ErrDuplicate):
		return withHint(err, "somebody else corrected it meanwhile")
	}
	return err
}
