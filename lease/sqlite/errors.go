package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Error is trouble with the file itself.
type Error struct {
	Path string
	Err  error  // from SQLite or the system
	Hint string // what to do, or empty
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("database %s: %v", e.Path, e.Err)
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// Unwrap returns what is below.
func (e *Error) Unwrap() error { return e.Err }

// errDamaged says that something in the file cannot be as it is.
var errDamaged = errors.New("the file is damaged")

// explain adds the file and a way out to errors of the database. Errors of the
// lease package pass as they are, and an interrupted call tells why.
func (s *Store) explain(ctx context.Context, err error) error {
	var known *Error
	var code sqlite3.ErrorCode
	if err == nil || errors.As(err, &known) {
		return err
	}
	damaged := errors.Is(err, errDamaged)
	if !damaged && !errors.As(err, &code) {
		return err
	}
	if code == sqlite3.CORRUPT || code == sqlite3.NOTADB {
		damaged, err = true, fmt.Errorf("%w: %w", errDamaged, err)
	}
	e := &Error{Path: s.path, Err: err}
	switch {
	case damaged:
		e.Hint = fmt.Sprintf("nothing was changed; stop every hashlease that uses it, copy it together with its -wal file, "+
			"then restore a backup, or salvage what is readable with: sqlite3 %s .recover | sqlite3 mended.db", s.path)
	case ctx.Err() != nil:
		return ctx.Err()
	case code == sqlite3.FULL:
		e.Hint = "free some space on its disk"
	case code == sqlite3.IOERR: // a full disk is this, too, where SQLite maps memory
		e.Hint = "see whether its disk is full, or broken"
	case code == sqlite3.BUSY:
		e.Hint = fmt.Sprintf("another process has been writing for %v: see who has the file open", busyTimeout)
	case code == sqlite3.READONLY, code == sqlite3.CANTOPEN, code == sqlite3.PERM:
		e.Hint = "check that this user may write the file and its folder"
	}
	return e
}

// stamp writes a moment in Unix milliseconds for people.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
