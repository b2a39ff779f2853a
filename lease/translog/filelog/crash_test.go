package filelog

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

const origin = "example.com/log"

func entry(t testing.TB, i int) translog.Entry {
	var private any
	if i%2 == 1 {
		private = map[string]any{"sat": i}
	}
	// Longer than a sector now and then.
	e, err := translog.NewEntry(translog.KindBatch, map[string]any{"n": i, "root": fmt.Sprintf("%0*d", 1+i%7*150, i)}, private, translog.Salt{byte(i)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func config(t testing.TB, s translog.Storage) translog.Config {
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	signer, err := translog.NewSigner(origin, private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := translog.NewVerifier(origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return translog.Config{Identity: translog.Identity{Origin: origin, Keys: []note.Verifier{verifier}}, Signers: []note.Signer{signer}, Storage: s}
}

// told is what a run has told others.
type told struct {
	acknowledged int // leaves
	inFlight     int // leaves of the Append that was under way
	signed       translog.Signed
}

// live opens the log, checks it against what was told before, and adds to it
// until an error. Batches have 1 to 4 leaves, and every third is signed for.
func live(t *testing.T, d *faultFS, was told, until int) (told, error) {
	ctx := t.Context()
	s, err := open(d)
	if err != nil {
		return was, err
	}
	l, err := translog.Open(ctx, config(t, s))
	if err != nil {
		return was, err
	}
	size, err := s.Size(ctx)
	if err != nil {
		return was, err
	}
	if int(size) != was.acknowledged && int(size) != was.acknowledged+was.inFlight {
		t.Fatalf("%d leaves, %d were acknowledged and %d under way", size, was.acknowledged, was.inFlight)
	}
	err = s.Read(ctx, 0, size, func(i int64, e translog.Entry) error {
		if want := entry(t, int(i)); string(e.Body) != string(want.Body) || string(e.Secret) != string(want.Secret) {
			t.Fatalf("leaf %d is %s, want %s", i, e.Body, want.Body)
		}
		return nil
	})
	if err != nil {
		return was, err
	}
	if l.Last().N < was.signed.N {
		t.Fatalf("last checkpoint has %d leaves, one of %d was handed out", l.Last().N, was.signed.N)
	}
	if err := grows(ctx, l, &was.signed); err != nil {
		return was, err
	}
	if err := l.Audit(ctx); err != nil {
		return was, err
	}
	now := told{acknowledged: int(size), signed: was.signed}
	for b := 1; now.acknowledged < until; b++ {
		var batch []translog.Entry
		for i := range 1 + b%4 {
			batch = append(batch, entry(t, now.acknowledged+i))
		}
		now.inFlight = len(batch)
		if _, err := l.Append(ctx, batch...); err != nil {
			return now, err
		}
		now.acknowledged += now.inFlight
		now.inFlight = 0
		if b%3 == 0 {
			signed, err := l.Sign(ctx)
			if err != nil {
				return now, err
			}
			if err := grows(ctx, l, &now.signed); err != nil {
				return now, err
			}
			now.signed = signed
		}
	}
	return now, nil
}

// grows checks that the last checkpoint begins with the one handed out before.
func grows(ctx context.Context, l *translog.Log, before *translog.Signed) error {
	if before.Note == nil {
		return nil
	}
	last := l.Last()
	proof, err := l.ProveGrowth(ctx, before.N, last.N)
	if err != nil {
		return err
	}
	return translog.CheckGrowth(before, &last, proof)
}

// TestCrash goes down at every single operation, and once more while it
// recovers, after which it lives on.
func TestCrash(t *testing.T) {
	const leaves = 24
	for _, power := range []bool{false, true} {
		t.Run(fmt.Sprintf("power=%v", power), func(t *testing.T) {
			whole := newFaultFS(0, -1)
			if _, err := live(t, whole, told{}, leaves); err != nil {
				t.Fatal(err)
			}
			for at := 1; at < whole.done; at++ {
				for seed := range uint64(2) {
					d := newFaultFS(seed, at)
					was, err := live(t, d, told{}, leaves)
					for again := 1; errors.Is(err, errCrash); again++ {
						left := -1
						if again < 3 {
							left = 1 + d.rnd.IntN(12)
						}
						d.reboot(power, left)
						was, err = live(t, d, was, leaves+10*again)
					}
					if err != nil {
						t.Fatalf("down at operation %d of %d, seed %d: %v", at, whole.done, seed, err)
					}
				}
			}
		})
	}
}

func TestFullDisk(t *testing.T) {
	ctx := t.Context()
	d := newFaultFS(1, -1)
	s, err := open(d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(ctx, []translog.Entry{entry(t, 0)}); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left")
	d.fails = full
	if _, err := s.Append(ctx, []translog.Entry{entry(t, 9), entry(t, 9)}); !errors.Is(err, full) {
		t.Fatalf("append to a full disk: %v", err)
	}
	d.fails = nil
	first, err := s.Append(ctx, []translog.Entry{entry(t, 1)})
	if err != nil || first != 1 {
		t.Fatalf("append once there is space: leaf %d, %v", first, err)
	}
	d.reboot(true, -1)
	if was, err := live(t, d, told{acknowledged: 2}, 10); err != nil {
		t.Fatal(was, err)
	}
}
