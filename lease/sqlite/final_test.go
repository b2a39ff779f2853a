package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
)

// beside opens a Store's file as another program does.
func beside(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := driver.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// What is final stays so for every program that opens the file.
func TestFinal(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "lease.db")
	s := open(t, path)
	w := newWorld(t, s)
	w.commit(t, s, 1)
	token, err := lease.NewTokenHash([16]byte{1}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if err != nil {
		t.Fatal(err)
	}
	pay := lease.Transaction{Key: "k", Kind: "x", Postings: []lease.Posting{{Account: "a", Sat: 1}, {Account: "b", Sat: -1}}}
	_, exclusionErr := s.PutExclusion(ctx, lease.Exclusion{Kind: lease.ExcludePool, FromMs: 5, ToMs: 6})
	_, payoutErr := s.AddPayout(ctx, lease.Payout{Txid: "aa", Raw: []byte{1}, Items: []lease.PayoutItem{{Tenant: "acme", Sat: 5}}},
		func(int64) ([]lease.Transaction, []lease.Event, error) { return nil, nil, nil })
	_, pauseErr := s.ChangeLease(ctx, w.lease.ID, 0, func(l *lease.Lease) ([]lease.Event, error) {
		return nil, errors.Join(l.Pause(lease.PauseTenant, 10), l.Resume(lease.PauseTenant, 20))
	})
	note := []byte("note")
	_, statementErr := s.PutStatement(ctx, lease.IssuedStatement{Lease: w.lease.ID, FromMs: 1, ToMs: 2, Number: 1, Hash: sha256.Sum256(note), Note: note})
	err = errors.Join(statementErr, exclusionErr, payoutErr, pauseErr, s.Post(ctx, pay, lease.Event{Kind: lease.EventAlarm}), s.AddRig(ctx, lease.Rig{Name: "r", Token: token}),
		s.Settle(ctx, lease.Settlement{Hour: 100, Hours: []lease.SettledHour{{Lease: w.lease.ID, Hour: 100, Window: lease.WindowIdle}}}))
	if err != nil {
		t.Fatal(err)
	}
	db := beside(t, path)
	for table, column := range map[string]string{
		"terms": "body", "templates": "height", "jobs": "created_ms", "receipts": "commit_ms", "transactions": "at_ms", "postings": "sat",
		"leases": "hps", "tenants": "created_ms", "lease_pauses": "to_ms", "settled_hours": "due_sat", "exclusions": "to_ms", "payouts": "fee_sat", "events": "at_ms",
		"log_leaves": "at_ms", "statements": "from_ms",
	} {
		for _, statement := range []string{"DELETE FROM " + table, fmt.Sprintf("UPDATE %s SET %s = 7", table, column)} {
			if _, err := db.Exec(statement); !errors.Is(err, sqlite3.CONSTRAINT) || !strings.Contains(err.Error(), "stay") && !strings.Contains(err.Error(), "never") {
				t.Errorf("%s: %v, want a refusal", statement, err)
			}
		}
	}
	for _, statement := range []string{"DELETE FROM rigs", "UPDATE node SET settled_hour = 99", "UPDATE node SET heartbeat_ms = heartbeat_ms - 1"} {
		if _, err := db.Exec(statement); !errors.Is(err, sqlite3.CONSTRAINT) {
			t.Errorf("%s: %v, want a refusal", statement, err)
		}
	}
}

// While two processes commit, with clocks that jump, and a third settles what
// is over, nothing is added to a settled hour and every receipt is in one.
func TestSettleWhileCommitting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	stores := []*Store{open(t, path), open(t, path), open(t, path)}
	w := newWorld(t, stores[0])
	const rounds = 20
	var wg sync.WaitGroup
	for i, s := range stores[:2] {
		wg.Go(func() {
			run, err := s.BeginRun(context.Background(), 1)
			if err != nil {
				t.Error(err)
				return
			}
			for n := range rounds {
				b := w.batch(3)
				b.Run, b.N, b.AtMs = run, uint64(n)+1, int64((n+5)*(i+1)%30)*lease.MsPerHour/2
				for k := range b.Receipts {
					b.Receipts[k].CommitMs = int64(k) * b.AtMs / 2
				}
				first, err := s.CommitBatch(context.Background(), b)
				if err != nil {
					t.Error(err)
					return
				}
				again, err := s.CommitBatch(context.Background(), b)
				if err != nil || fmt.Sprint(first) != fmt.Sprint(again) {
					t.Errorf("a batch sent again is answered %v instead of %v: %v", again, first, err)
				}
			}
		})
	}
	settled := make(map[int64]uint64) // receipts when it was settled
	settle := func(s *Store, hour int64) error {
		last, err := s.SettledHour(context.Background())
		if err != nil || hour <= last {
			return err
		}
		if err := s.Settle(context.Background(), lease.Settlement{Hour: hour, Prev: last}); err != nil {
			return err
		}
		for m, err := range s.HourMeters(context.Background(), "", 0, hour+1) {
			if err != nil {
				return err
			}
			if _, ok := settled[m.Hour]; !ok {
				settled[m.Hour] = m.Evidence.N
			}
		}
		return nil
	}
	wg.Go(func() {
		for range rounds {
			ms, err := stores[2].Heartbeat(context.Background())
			if err == nil {
				err = settle(stores[2], ms/lease.MsPerHour-1)
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	ms, err := stores[0].Heartbeat(t.Context())
	if err == nil {
		err = settle(stores[0], ms/lease.MsPerHour)
	}
	if err != nil {
		t.Fatal(err)
	}
	var sum uint64
	for _, m := range gatherAll(t, stores[1].HourMeters(t.Context(), "", 0, 1<<40)) {
		if n, ok := settled[m.Hour]; !ok || n != m.Evidence.N {
			t.Errorf("hour %d has %d receipts and was settled with %d", m.Hour, m.Evidence.N, n)
		}
		sum += m.Evidence.N
	}
	if sum != 2*3*rounds {
		t.Errorf("%d receipts are in hours, want %d", sum, 2*3*rounds)
	}
}

// The hours of one lease are looked up, not searched for among all, and those
// of all are read in order: neither sorts or reads whole tables.
func TestHourPlans(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "lease.db"))
	for _, table := range []string{"hour_receipts", "hour_counts", "hour_verdicts", "hour_upstream", "hour_earnings", "settled_hours"} {
		for _, id := range []string{"", "L-0001"} {
			plan, err := collect(t.Context(), s.reader, func(row scanner) (text string, err error) {
				var a, b, c any
				return text, row.Scan(&a, &b, &c, &text)
			}, "EXPLAIN QUERY PLAN SELECT hour, lease"+ofHours(table, id)+"ORDER BY 1, 2", 1, 2, id)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(plan, "; ")
			want := "SEARCH " + table + " USING PRIMARY KEY (hour>? AND hour<?)"
			if id != "" {
				want = "SEARCH " + table + " USING PRIMARY KEY (hour=? AND lease=?)"
			}
			if !strings.Contains(text, want) || strings.Contains(text, "TEMP B-TREE") {
				t.Errorf("%s of %q: %s, want %s", table, id, text, want)
			}
		}
	}
}

// A feed that nobody made is refused, not read.
func TestNoFeed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "lease.db"))
	err := s.write(t.Context(), func(tx *txn) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO job_receipts SELECT c0, c1, c2 FROM feed(?)", 5)
		return err
	})
	if err == nil {
		t.Error("no error")
	}
	err = s.write(t.Context(), func(tx *txn) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO job_receipts SELECT c0, c1, c2 FROM feed")
		return err
	})
	if err == nil {
		t.Error("no error")
	}
}
