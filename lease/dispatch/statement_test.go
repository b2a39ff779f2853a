package dispatch_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/statement"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// origin is what the plants' logs are called.
const origin = "example.com/log"

// plantLog signs a plant's log for whatever is in it.
type plantLog struct {
	*translog.Log
	storage translog.Storage
}

func (l plantLog) Covering(ctx context.Context, _ int64) (translog.Signed, error) { return l.Sign(ctx) }

func (l plantLog) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	return l.storage.Hashes(ctx, indexes)
}

// statement issues the statement of a lease so far, and returns it with what its
// tenant finds out by checking its bundle.
func (p *plant) statement(t *testing.T, l lease.Lease) (*bundle.Statement, *bundle.Report) {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	signer, err := translog.NewSigner(origin, p.key)
	ok(err)
	verifier, err := translog.NewVerifier(origin, p.key.Public().(ed25519.PublicKey))
	ok(err)
	storage := p.store.(interface{ Log() translog.Storage }).Log()
	log, err := translog.Open(t.Context(), translog.Config{
		Identity: translog.Identity{Origin: origin, Keys: []note.Verifier{verifier}}, Signers: []note.Signer{signer}, Storage: storage,
	})
	ok(err)
	src := statement.Source{Store: p.store, Signer: signer, Log: plantLog{log, storage}}
	s, err := statement.Issue(t.Context(), src, statement.Request{Lease: l.ID})
	ok(err)
	b, err := statement.Bundle(t.Context(), src, s, nil)
	ok(err)
	var file bytes.Buffer
	ok(b.Write(&file))
	report := bundle.Verify(t.Context(), bytes.NewReader(file.Bytes()), int64(file.Len()), bundle.Options{Key: p.key.Public().(ed25519.PublicKey)})
	return &s.Statement, report
}

// provider is the key in all tags.
func (p *plant) provider() [32]byte { return [32]byte(p.key.Public().(ed25519.PublicKey)) }

// verify checks the lease's bundle as its tenant would.
func (p *plant) verify(t *testing.T, l lease.Lease) {
	t.Helper()
	_, report := p.statement(t, l)
	for _, c := range report.Checks {
		if !c.OK {
			t.Errorf("%s: %s: %s", l.ID, c.Name, c.Detail)
		}
	}
	if len(report.Checks) == 0 {
		t.Errorf("%s: nothing was checked", l.ID)
	}
}
