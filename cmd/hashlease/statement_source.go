package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/hashlease/hashlease/lease/statement"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// statementAuthor is who makes and signs statements in a data directory.
type statementAuthor struct{ statement.Source }

// statementSource returns who makes statements.
func (p *provider) statementSource(context.Context) (*statementAuthor, error) {
	signer, _, rotations, err := p.logAuthor()
	if err != nil {
		return nil, err
	}
	storage, err := p.logStorage()
	if err != nil {
		return nil, err
	}
	return &statementAuthor{statement.Source{
		Store: p.store, Signer: signer, Rotations: rotations, Log: &statementLog{p: p, storage: storage},
	}}, nil
}

// Covering returns a checkpoint that has the leaf at the index.
func (a *statementAuthor) Covering(ctx context.Context, index int64) (translog.Signed, error) {
	return a.Log.Covering(ctx, index)
}

// statementLog is the log in the data directory, by one checkpoint as long as
// that will do.
type statementLog struct {
	p       *provider
	storage translog.Storage
	head    translog.Signed
}

// Covering implements statement.Log.
func (l *statementLog) Covering(ctx context.Context, index int64) (translog.Signed, error) {
	if l.head.N > index {
		return l.head, nil
	}
	head, err := l.p.checkpointCovering(ctx, index)
	if err == nil {
		l.head = head
	}
	return head, err
}

// Hashes implements statement.Log.
func (l *statementLog) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	return l.storage.Hashes(ctx, indexes)
}

// checkpointSize reads how many leaves a checkpoint is of that a tenant has kept;
// "" is none.
func (p *provider) checkpointSize(name string) ([]int64, error) {
	if name == "" {
		return nil, nil
	}
	text, err := readBounded(name, translog.MaxCheckpoint)
	if err != nil {
		return nil, err
	}
	b, err := p.logBook()
	if err != nil {
		return nil, err
	}
	id, err := b.Identity()
	if err != nil {
		return nil, err
	}
	s, err := id.Open(text)
	if err != nil {
		return nil, withHint(usage("--since %s: %w", name, err), "give the file \"checkpoint\" of an earlier bundle, or what \"hashlease log checkpoint\" printed then")
	}
	return []int64{s.N}, nil
}

// Checkpoints that bundles were given with: each later bundle proves that the log
// goes on from them, so that a tenant need not ask.
const (
	givenFile = "given-checkpoints.json"
	maxGiven  = 64 // of a tenant; the last ones count
)

// givenHeads are the sizes of the checkpoints in a tenant's earlier bundles.
func (p *provider) givenHeads(tenant string) ([]int64, error) {
	all, err := p.readGiven()
	return all[tenant], err
}

// giveHead remembers that a tenant gets a bundle with a checkpoint of so many
// leaves.
func (p *provider) giveHead(tenant string, size int64) error {
	all, err := p.readGiven()
	if err != nil {
		return err
	}
	if slices.Contains(all[tenant], size) {
		return nil
	}
	sizes := append(all[tenant], size)
	slices.Sort(sizes)
	all[tenant] = sizes[max(0, len(sizes)-maxGiven):]
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(p.dir, givenFile), append(text, '\n'), 0o600)
}

func (p *provider) readGiven() (map[string][]int64, error) {
	const limit = 64 << 20
	name := filepath.Join(p.dir, givenFile)
	all := make(map[string][]int64)
	text, err := readBounded(name, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, withHint(fmt.Errorf("%s: %w", name, err), "delete it: then bundles do not prove by themselves that the log goes on from earlier ones")
	}
	return all, nil
}
