package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
)

// busyTimeout is how long a connection waits for another process's writes.
const busyTimeout = 10 * time.Second

// writerPragmas set up the connection that writes. Pages that every batch
// changes are carried from the log into the file seldom, and kept at hand.
const writerPragmas = `PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
	PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384`

// Store is a lease.Store in an SQLite file.
type Store struct {
	path   string
	writer *sql.DB // one connection
	reader *sql.DB
}

var _ lease.Store = (*Store)(nil)

// Open opens the database at path, creates it where there is none, and brings
// its tables up to date. The folder must exist.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = create(path)
	}
	if err != nil {
		return nil, &Error{Path: path, Err: err, Hint: "check that its folder exists and this user may write there"}
	}
	s := &Store{path: path}
	s.writer, err = driver.Open(s.dsn("_txlock", "immediate"), func(c *sqlite3.Conn) error {
		return errors.Join(registerFeed(c), prepare(c, writerPragmas))
	})
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	s.writer.SetMaxOpenConns(1)
	s.reader, err = driver.Open(s.dsn(), func(c *sqlite3.Conn) error {
		return prepare(c, "PRAGMA query_only = ON")
	})
	if err != nil {
		return nil, errors.Join(s.explain(ctx, err), s.writer.Close())
	}
	s.reader.SetMaxIdleConns(4)
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(s.explain(ctx, err), s.Close())
	}
	return s, nil
}

// prepare sets a new connection up.
func prepare(c *sqlite3.Conn, pragmas string) error {
	return errors.Join(c.BusyTimeout(busyTimeout), c.Exec(pragmas))
}

// dsn names the file with the given query parameters, key by value. The log
// beside the file gets the file's permissions.
func (s *Store) dsn(query ...string) string {
	values := url.Values{"modeof": {s.path}}
	for i := 0; i+1 < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	path := filepath.ToSlash(s.path)
	if path[0] != '/' {
		path = "/" + path // a drive letter
	}
	// SQLite knows %20 for a space, but not the plus sign of Encode.
	u := url.URL{Scheme: "file", Path: path, RawQuery: strings.ReplaceAll(values.Encode(), "+", "%20")}
	return u.String()
}

// create makes an empty file that only its owner may read, durably, unless
// there is one.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// start brings a fresh connection to the point where the Store can be used.
func (s *Store) start(ctx context.Context) error {
	if err := s.checkSmall(ctx); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	// The driver syncs a new log's content, not its name: without the
	// folder's sync a power loss could take the whole log, and it lives as
	// long as a connection is open.
	return syncFolder(filepath.Dir(s.path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrInvalid) && !errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("folder %s: %w", path, err)
	}
	return nil
}

// Close releases the file. The Store must not be in use.
func (s *Store) Close() error { return errors.Join(s.reader.Close(), s.writer.Close()) }
