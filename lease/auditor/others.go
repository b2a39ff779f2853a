package auditor

import (
	"encoding"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
)

// period is a lease's, of statements.
type period struct {
	lease        string
	fromMs, toMs int64
}

// txParts is a transaction of which parts are missing; parts = 0 is none.
type txParts struct {
	tx          receipt.B32
	kind        string
	next, parts int
	leaf        int64 // of its last part
}

func (a *Auditor) addBlock(i int64, d *leaf.Block) {
	if d.Job >= i || !a.jobs.has(d.Job) {
		a.found(Blocks, i, "block %s was found on job %d, which is no job in the log before it", text(d.Hash), d.Job)
	}
	if d.Lease == lease.House {
		return
	}
	switch c := a.leases[d.Lease]; {
	case c == nil:
		a.found(Blocks, i, "block %s is of lease %s, which is not in the log before it", text(d.Hash), d.Lease)
	case c.first.Tag != d.Tag:
		a.found(Blocks, i, "block %s has the tag %x, its lease %s has %x", text(d.Hash), d.Tag, d.Lease, c.first.Tag)
	}
}

// addTransaction wants all parts of a transaction together.
func (a *Auditor) addTransaction(i int64, d *leaf.Transaction) {
	if a.tx.parts > 0 && d.Tx != a.tx.tx {
		a.endTransaction()
	}
	switch {
	case a.tx.parts == 0 && d.Part != 0:
		a.found(Transactions, i, "transaction %x begins with part %d", d.Tx, d.Part)
	case a.tx.parts > 0 && (d.Part != a.tx.next || d.Parts != a.tx.parts || d.Kind != a.tx.kind):
		a.found(Transactions, i, "transaction %x: part %d of %d (%s), want part %d of %d (%s)", d.Tx, d.Part, d.Parts, d.Kind, a.tx.next, a.tx.parts, a.tx.kind)
	}
	a.tx = txParts{}
	if d.Part+1 < d.Parts {
		a.tx = txParts{d.Tx, d.Kind, d.Part + 1, d.Parts, i}
	}
}

// endTransaction notes that parts are missing.
func (a *Auditor) endTransaction() {
	if a.tx.parts > 0 {
		a.found(Transactions, a.tx.leaf, "transaction %x ends with part %d of %d", a.tx.tx, a.tx.next-1, a.tx.parts)
	}
	a.tx = txParts{}
}

// finishTransactions is endTransaction for the last one.
func (a *Auditor) finishTransactions() { a.endTransaction() }

func (a *Auditor) addStatement(i int64, d *leaf.Statement) {
	key := period{d.Lease, d.FromMs, d.ToMs}
	if last := a.statements[key]; d.Number != last+1 {
		a.found(Statements, i, "statement gap: statement %d of lease %s for %d to %d ms comes after statement %d", d.Number, d.Lease, d.FromMs, d.ToMs, last)
	}
	a.statements[key] = d.Number
	if a.leases[d.Lease] == nil {
		a.found(Statements, i, "statement %d is of lease %s, which is not in the log before it", d.Number, d.Lease)
	}
}

// text is how documents spell something.
func text(v encoding.TextMarshaler) string {
	b, err := v.MarshalText()
	if err != nil {
		return err.Error()
	}
	return string(b)
}
