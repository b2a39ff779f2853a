package ledger

import (
	"encoding/csv"
	"io"
	"strconv"

	"github.com/hashlease/hashlease/lease"
)

// csvWriter writes a line for every posting, and one without an account for a
// transaction that has none.
type csvWriter struct {
	w         *csv.Writer
	commodity string
}

func newCSV(w io.Writer, commodity string) *csvWriter {
	c := &csvWriter{w: csv.NewWriter(w), commodity: commodity}
	c.w.UseCRLF = true
	return c
}

func (c *csvWriter) begin() {
	c.w.Write([]string{"seq", "time", "kind", "key", "ref", "account", "lease", "sat", "amount", "commodity"})
}

func (c *csvWriter) transaction(t lease.Transaction, _ string) error {
	head := []string{strconv.FormatInt(t.Seq, 10), moment(t.AtMs), plain(t.Kind), plain(t.Key), plain(t.Ref)}
	for _, p := range t.Postings {
		c.w.Write(append(head[:len(head):len(head)], p.Account, plain(p.Lease), strconv.FormatInt(p.Sat, 10), amount(p.Sat), c.commodity))
	}
	if len(t.Postings) == 0 {
		c.w.Write(append(head, "", "", "", "", ""))
	}
	return nil
}

func (c *csvWriter) end(*totals) error {
	c.w.Flush()
	return c.w.Error()
}
