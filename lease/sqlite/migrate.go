package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// migrations change the tables step by step. A file that is released is never
// edited: its number is the version of the tables after it.
//
//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the file as ours: "hLse".
const applicationID = 0x684c7365

// oldestVersion is that of the oldest tables that can be brought up to date. In
// those before it there are facts without leaves in a log, which cannot be made
// afterwards.
const oldestVersion = 5

// retryPause lies between two tries for a lock.
const retryPause = 5 * time.Millisecond

// migrate brings the tables to the newest version.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	version, err := s.readVersion(ctx) // before anything touches the file
	if err != nil {
		return err
	}
	if version > len(files) {
		return &Error{
			Path: s.path,
			Err:  fmt.Errorf("its tables are of version %d, this program knows %d", version, len(files)),
			Hint: "use a newer hashlease",
		}
	}
	if version > 0 && version < oldestVersion {
		return &Error{
			Path: s.path,
			Err:  fmt.Errorf("its tables are of version %d, from before there was a log: what is in them has no proof", version),
			Hint: "begin a new data directory; this one was left as it is",
		}
	}
	// The mode is the file's. Going there needs the file for a moment alone,
	// which SQLite does not wait for.
	err = retryBusy(ctx, func() error {
		var mode string
		if err := s.writer.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
			return err
		}
		if mode != "wal" {
			return &Error{Path: s.path, Err: fmt.Errorf("no write-ahead log is possible here (mode %s)", mode), Hint: "put it on a local disk"}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if version == len(files) {
		return nil
	}
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Another process may have been quicker.
	if version, err = s.identify(ctx, tx); err != nil || version >= len(files) {
		return err
	}
	for _, name := range files[version:] {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(files))); err != nil {
		return err
	}
	return tx.Commit()
}

// readVersion is identify at one moment: another process may be at work.
func (s *Store) readVersion(ctx context.Context) (int, error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	return s.identify(ctx, tx)
}

// identify returns the version of the tables, 0 for an empty file, and refuses
// somebody else's database.
func (s *Store) identify(ctx context.Context, q querier) (int, error) {
	var id, version, objects int
	if err := q.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return 0, err
	}
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, err
	}
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&objects); err != nil {
		return 0, err
	}
	empty := id == 0 && version == 0 && objects == 0
	if id != applicationID && !empty {
		return 0, &Error{Path: s.path, Err: fmt.Errorf("it is another program's (application %#x)", id), Hint: "name another path"}
	}
	return version, nil
}

// retryBusy calls f again while it finds the file locked in a way that the
// busy timeout does not wait for, for at most as long as the timeout.
func retryBusy(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	tick := time.NewTicker(retryPause)
	defer tick.Stop()
	for {
		err := f()
		if !errors.Is(err, sqlite3.BUSY) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
