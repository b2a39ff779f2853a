package bundle

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// Bytes of a pool's extranonce2 that workers fill in: see package receipt.
const filledByWorkers = 6

// unchecked says what of the contract and of money is the provider's word.
func (f *facts) unchecked() []string {
	list := []string{"rejected and stale shares, counted hashes, running time"}
	if f.s.State != Final {
		list = append(list, "how far the node had come at the end of the period, and what was counted of hours that are not settled: the next statement tells")
	}
	list = append(list, "that no change of the contract, and no exclusion, was left out, which has a leaf between those that are shown: whoever follows the log sees them all")
	if slices.ContainsFunc(f.lease().Pauses, func(p lease.Pause) bool { return p.By == lease.PauseTenant }) {
		list = append(list, "that the tenant asked for the pauses that count as the tenant's")
	}
	list = append(list, f.uncheckedOfWork()...)
	list = append(list, f.uncheckedOfCharges()...)
	list = append(list, f.uncheckedOfBooks()...)
	if f.s.Pool != nil {
		list = append(list, f.uncheckedOfPool()...)
	} else {
		list = append(list,
			"what other leases were entitled to of each block's split, and so how large a carry is: their work is not in the bundle",
			"that no block which others' work found and the lease has a part of was left out: the log has a leaf of every block")
	}
	if f.s.HousePool != nil {
		list = append(list, "that jobs came from the house's pool, and all that it paid is shared: the payments, the work of everybody and what the pool answered are the provider's word")
		list = append(list, f.uncheckedOfTag()...)
	}
	return list
}

// uncheckedOfWork is about jobs and what shares earn.
func (f *facts) uncheckedOfWork() (list []string) {
	if n := f.foreign(); n > 0 {
		list = append(list, fmt.Sprintf("why %d of the blocks were found under the terms of other leases, which are in the log: these set their fees, of %d ppm at most", n, f.otherFee))
	}
	if f.unknownEarned() {
		list = append(list, "what shares earned by themselves: not all receipts are left")
	}
	if f.s.HousePool != nil {
		for i := range f.s.HousePool.Incomes {
			if _, known := f.pooledWork(&f.s.HousePool.Incomes[i]); !known {
				list = append(list, "what the lease proved for payments of the house's pool whose hours, or receipts of them, are not all here")
				break
			}
		}
	}
	if f.terms != nil && f.terms.Scheme == lease.SchemeFPPS && f.s.Pool == nil {
		list = append(list, "that the mean of the fees of blocks, by which shares are paid, is that of the chain")
	}
	return list
}

// uncheckedOfCharges is about what was due and credited.
func (f *facts) uncheckedOfCharges() (list []string) {
	c := f.s.Charges
	if c == nil {
		return nil
	}
	switch f.s.Model {
	case lease.Hosted:
		list = append(list, fmt.Sprintf("the energy that rigs used: what the provider has of their makers, times the proven work; %s", f.powerNote()))
	case lease.VirtualHosted:
		list = append(list,
			"at what times of an hour the node ran, which processors are charged for",
			"that nobody else had the processors: work for others on them leaves no trace in the bundle")
	}
	if f.s.Model == lease.Leased && !f.fromStart() && f.s.Period.FromMs%msPerDay != 0 {
		list = append(list, "what of the period's first day is billable: it began before the period")
	}
	if s := f.s.SLA; s != nil {
		if len(f.exclusions) > 0 {
			list = append(list, "that maintenance, and the refusals of the tenant's pool, were as the log says")
		}
		for _, m := range f.closedMonths() {
			if !f.hasWhole(&m) {
				list = append(list, fmt.Sprintf("how month %s was judged: it began before the period", m.name()))
			}
		}
	}
	return list
}

// powerNote compares what is due for energy with the energy that is stated.
func (f *facts) powerNote() string {
	e, t := f.s.Energy, f.terms
	if e == nil || t == nil || t.Prices == nil || t.Prices.Power == nil {
		return "nothing is charged for it"
	}
	sat, err := t.Prices.Power.Charge(e.Used)
	if err != nil {
		return "it costs more than there can be"
	}
	return fmt.Sprintf("by the terms it costs %d sat", sat)
}

// uncheckedOfBooks is about lines that follow from nothing in the bundle.
func (f *facts) uncheckedOfBooks() (list []string) {
	kinds := make(map[string]bool)
	for i := range f.s.Books.Lines {
		l := &f.s.Books.Lines[i]
		kinds[l.Kind] = true
		if isCorrection(l) {
			kinds[ledger.KindReversal] = true
		}
	}
	list = append(list, "that what a transaction books for others makes up for what it books here: their postings are not in the bundle")
	for _, k := range []struct{ kind, what string }{
		{ledger.KindPrepay, "what came in: compare your own payments"},
		{ledger.KindIntent, "payouts: look for them on the chain"},
		{ledger.KindCarry, "what was released of the startup carry"},
		{ledger.KindLoss, "how much had been paid of blocks that left the chain"},
		{ledger.KindReversal, "corrections of the books: why, and what is right instead"},
	} {
		if kinds[k.kind] {
			list = append(list, k.what)
		}
	}
	if f.s.Books.FirstLine > 0 {
		list = append(list, fmt.Sprintf("what the accounts open with, and the lines before number %d: compare the statement before", f.s.Books.FirstLine))
	}
	return append(list, "that no line follows the last one: the next statement begins with its number")
}

// uncheckedOfPool is about the tenant's own pool.
func (f *facts) uncheckedOfPool() []string {
	list := []string{
		fmt.Sprintf("that the pool credits %.128s: shares name no account; compare the figure that the pool itself shows", f.s.Pool.User),
		"that the jobs came from the pool: the bundle does not carry its word",
		"what the pool answered, and its difficulty",
	}
	if n := len(f.s.Pool.Former); n > 0 {
		list = append(list, fmt.Sprintf("until when the lease worked for the %d accounts at pools that the statement names as former ones", n))
	}
	return append(list, f.uncheckedOfTag()...)
}

// uncheckedOfTag is about how little room pools leave for a tag.
func (f *facts) uncheckedOfTag() []string {
	size, places := f.tagRoom()
	if size == 0 || places == 0 {
		return nil
	}
	text := fmt.Sprintf("that the tag stands where the pool's connection puts it: the job's leaf binds the place. It has %d bytes there: "+
		"a coinbase made for somebody else has them in a given place by chance once in 2^%d, and in one of %d places, chosen afterwards, once in %s",
		size, 8*size, places, oneIn(size, places))
	if size <= filledByWorkers {
		text += "; a provider who means to could put it into the bytes that workers fill in there"
	} else {
		text += "; a provider who is the pool, or makes its jobs up, could put it into the pool's own bytes"
	}
	text += ": whoever audits the log would see two jobs that describe one coinbase"
	return []string{text}
}

// oneIn is 2^(8·size)/places, rounded down, as a number or a power of two.
func oneIn(size, places int) string {
	if size < 4 {
		return fmt.Sprint(uint64(1) << (8 * size) / uint64(places))
	}
	return fmt.Sprintf("2^%d", 8*size-bits.Len(uint(places)))
}
