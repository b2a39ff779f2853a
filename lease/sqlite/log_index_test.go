package sqlite

import (
	"path/filepath"
	"testing"
)

// Leaves are inserted after what they are about, so SQLite looks for every row
// that waits for a leaf: in each table by an index, or one more leaf would cost
// reading all that came before it.
func TestLeavesAreFoundByIndex(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "hashlease.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.reader.QueryContext(t.Context(), `
		SELECT m.name, f."from", f."from" IN (SELECT name FROM pragma_table_info(m.name) WHERE pk = 1)
			OR EXISTS (SELECT 1 FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = f."from")
		FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' AND f."table" = 'log_leaves'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var table, column string
		var found bool
		if err := rows.Scan(&table, &column, &found); err != nil {
			t.Fatal(err)
		}
		if !found {
			t.Errorf("%s.%s refers to leaves and has no index", table, column)
		}
	}
	if err := rows.Err(); err != nil || n < 3 {
		t.Errorf("%d references to leaves, %v", n, err)
	}
}
