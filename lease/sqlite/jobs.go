package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// PutJobs implements lease.Store.
func (s *Store) PutJobs(ctx context.Context, templates []lease.Template, jobs []lease.Job) ([]lease.Template, []lease.Job, error) {
	templates, jobs = slices.Clone(templates), slices.Clone(jobs)
	err := s.write(ctx, func(tx *txn) error {
		for i := range templates {
			if err := insertTemplate(ctx, tx, &templates[i]); err != nil {
				return err
			}
		}
		for i := range jobs {
			j := &jobs[i]
			if j.Template < 0 || j.Template >= int64(len(templates)) {
				return fmt.Errorf("job of lease %s: template %d of %d: %w", j.Lease, j.Template, len(templates), lease.ErrNotFound)
			}
			j.Template = templates[j.Template].Seq
			network, sat, err := earnsColumns(j)
			if err != nil {
				return err
			}
			r, err := tx.ExecContext(ctx, "INSERT INTO jobs (template, lease, tag, target, created_ms, earns_network, earns_sat) VALUES (?, ?, ?, ?, ?, ?, ?)",
				j.Template, j.Lease, j.Tag[:], j.Target[:], j.CreatedMs, network, sat)
			if err != nil {
				return err
			}
			if j.Seq, err = r.LastInsertId(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return templates, jobs, nil
}

// insertTemplate stores a template with its leaf and gives it its Seq.
func insertTemplate(ctx context.Context, tx *txn, t *lease.Template) error {
	index, err := tx.nextLeaf(ctx)
	if err != nil {
		return err
	}
	r, err := tx.ExecContext(ctx, "INSERT INTO templates (created_ms, height, prev, body, split, leaf) VALUES (?, ?, ?, ?, ?, ?)",
		t.CreatedMs, t.Height, t.Prev[:], t.Body, orNull(t.Split), index)
	if err != nil {
		return err
	}
	if t.Seq, err = r.LastInsertId(); err != nil {
		return err
	}
	return logTemplate(ctx, tx, t)
}

// Template implements lease.Store.
func (s *Store) Template(ctx context.Context, seq int64) (lease.Template, error) {
	var t lease.Template
	err := s.reader.QueryRowContext(ctx, "SELECT seq, created_ms, height, prev, body, split FROM templates WHERE seq = ?", seq).
		Scan(&t.Seq, &t.CreatedMs, &t.Height, fixed(t.Prev[:]), &t.Body, &t.Split)
	if err != nil {
		return lease.Template{}, s.explain(ctx, notFound(err, "template %d", seq))
	}
	return t, nil
}

// Job implements lease.Store.
func (s *Store) Job(ctx context.Context, seq int64) (lease.Job, error) {
	j, err := readJob(ctx, s.reader, seq)
	return j, s.explain(ctx, err)
}

// earnsColumns are what a job pays by the share as it is stored.
func earnsColumns(j *lease.Job) (network []byte, sat sql.NullInt64, err error) {
	if j.Earns == nil {
		return nil, sat, nil
	}
	if j.Earns.Network.IsZero() || j.Earns.Sat < 0 || j.Earns.Sat > lease.MaxSat {
		return nil, sat, fmt.Errorf("job of lease %s: %d sat for work of %v is not possible", j.Lease, j.Earns.Sat, j.Earns.Network)
	}
	e := *j.Earns
	j.Earns = &e // what is returned shares nothing with what was given
	return workBlob(e.Network), sql.NullInt64{Int64: e.Sat, Valid: true}, nil
}

// earnsScan are the columns that earnsColumns makes.
type earnsScan struct {
	network []byte
	sat     sql.NullInt64
}

func (c *earnsScan) earns() (*lease.Earns, error) {
	if !c.sat.Valid {
		return nil, nil
	}
	e := &lease.Earns{Sat: c.sat.Int64}
	return e, workScan{&e.Network}.Scan(c.network)
}

func readJob(ctx context.Context, q querier, seq int64) (lease.Job, error) {
	var j lease.Job
	var earns earnsScan
	err := q.QueryRowContext(ctx, "SELECT seq, template, lease, tag, target, created_ms, earns_network, earns_sat FROM jobs WHERE seq = ?", seq).
		Scan(&j.Seq, &j.Template, &j.Lease, fixed(j.Tag[:]), fixed(j.Target[:]), &j.CreatedMs, &earns.network, &earns.sat)
	if err == nil {
		j.Earns, err = earns.earns()
	}
	if err != nil {
		return lease.Job{}, notFound(err, "job %d", seq)
	}
	return j, nil
}
