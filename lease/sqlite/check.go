package sqlite

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// checkSize is the size in bytes up to which a file is checked as a whole when
// it is opened. Larger ones are checked by Check.
const checkSize = 16 << 20

// checkSmall checks a file that is small enough for it to be quick.
func (s *Store) checkSmall(ctx context.Context) error {
	info, err := os.Stat(s.path)
	if err != nil || info.Size() > checkSize {
		return err
	}
	return s.Check(ctx)
}

// Check reads the whole file and reports the first damage found.
func (s *Store) Check(ctx context.Context) error {
	var verdict string
	err := s.reader.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%w: %s", errDamaged, strings.Join(strings.Fields(verdict), " "))
	}
	return s.explain(ctx, err)
}
