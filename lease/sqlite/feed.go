package sqlite

import (
	"errors"

	"github.com/hashlease/hashlease/miner"
	"github.com/ncruces/go-sqlite3"
)

// feed is a table of Go values that one statement reads: feed(?) with an
// argument that newFeed made. What many rows have in common is then done once.
// Its columns are c0 to c8; its rowid counts from 1.
type feed struct {
	rows   int
	column func(out sqlite3.Context, row, column int)
}

// newFeed makes a feed of rows. column gives one column of a row to SQLite by
// one of the methods of out.
func newFeed[T any](rows []T, column func(out sqlite3.Context, row *T, column int)) any {
	return sqlite3.Pointer(&feed{len(rows), func(out sqlite3.Context, row, n int) { column(out, &rows[row], n) }})
}

// feedColumns declares the table; the argument is a hidden column.
const feedColumns = "CREATE TABLE x (c0, c1, c2, c3, c4, c5, c6, c7, c8, argument HIDDEN)"

// feedArgument is the number of the hidden column.
const feedArgument = 9

// registerFeed makes feed known to a connection.
func registerFeed(c *sqlite3.Conn) error {
	//lint:ignore SA1019 the method that is to be used instead needs Go 1.27
	return sqlite3.CreateModule(c, "feed", nil, func(c *sqlite3.Conn, _, _, _ string, _ ...string) (feedTable, error) {
		return feedTable{}, c.DeclareVTab(feedColumns)
	})
}

type feedTable struct{}

// BestIndex implements sqlite3.VTab: the argument must be given.
func (feedTable) BestIndex(info *sqlite3.IndexInfo) error {
	for i, c := range info.Constraint {
		if c.Column == feedArgument && c.Op == sqlite3.INDEX_CONSTRAINT_EQ && c.Usable {
			info.ConstraintUsage[i] = sqlite3.IndexConstraintUsage{Omit: true, ArgvIndex: 1}
			info.EstimatedCost, info.EstimatedRows = 1, 1000
			return nil
		}
	}
	return sqlite3.CONSTRAINT
}

// Open implements sqlite3.VTab.
func (feedTable) Open() (sqlite3.VTabCursor, error) { return new(feedCursor), nil }

// feedCursor goes through the rows of a feed once.
type feedCursor struct {
	*feed
	row int
}

var errNoFeed = errors.New("feed without an argument of newFeed")

// Filter implements sqlite3.VTabCursor.
func (c *feedCursor) Filter(_ int, _ string, args ...sqlite3.Value) error {
	if len(args) == 1 {
		c.feed, _ = args[0].Pointer().(*feed)
	}
	c.row = 0
	if c.feed == nil {
		return errNoFeed
	}
	return nil
}

// Next implements sqlite3.VTabCursor.
func (c *feedCursor) Next() error {
	c.row++
	return nil
}

// EOF implements sqlite3.VTabCursor.
func (c *feedCursor) EOF() bool { return c.row >= c.rows }

// Column implements sqlite3.VTabCursor.
func (c *feedCursor) Column(out sqlite3.Context, n int) error {
	if n < feedArgument {
		c.column(out, c.row, n)
	}
	return nil
}

// RowID implements sqlite3.VTabCursor.
func (c *feedCursor) RowID() (int64, error) { return int64(c.row) + 1, nil }

// resultWork gives work to SQLite as workBlob writes it.
func resultWork(out sqlite3.Context, w miner.Work) { out.ResultBlob(workBlob(w)) }
