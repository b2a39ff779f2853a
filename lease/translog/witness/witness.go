package witness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/tilehttp"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrUnknownLog is a log that the witness does not watch.
var ErrUnknownLog = errors.New("the witness does not watch this log")

// ErrChanged is a log of which another checkpoint was cosigned meanwhile.
var ErrChanged = errors.New("another checkpoint was cosigned meanwhile")

// StaleError is a proof that begins at another size than the last checkpoint
// that was cosigned.
type StaleError struct{ Size int64 }

// Error says from where the proof must begin.
func (e *StaleError) Error() string {
	return fmt.Sprintf("the last checkpoint that was cosigned has %d leaves: the proof must begin there", e.Size)
}

// Config is what a Witness is made of.
type Config struct {
	Logs   []translog.Identity // to be watched
	Signer note.Signer         // of translog.NewCosigner
	Key    note.Verifier       // of Signer
	State  State
}

// Witness cosigns checkpoints. It may be used by several goroutines; its State
// is one process's alone.
type Witness struct {
	cfg Config
	mu  sync.Mutex // held from looking at the last checkpoint until the next is saved

	keys sync.RWMutex // held while Logs are read, or learn another key
}

// New makes a witness and checks that it has signed what its state holds.
func New(ctx context.Context, cfg Config) (*Witness, error) {
	if !translog.IsWitness(cfg.Key) || cfg.Key.Name() != cfg.Signer.Name() || cfg.Key.KeyHash() != cfg.Signer.KeyHash() {
		return nil, fmt.Errorf("witness %s: its keys are not of one pair for cosignatures", cfg.Signer.Name())
	}
	cfg.Logs = slices.Clone(cfg.Logs) // they learn
	w := &Witness{cfg: cfg}
	for i := range cfg.Logs {
		if _, err := w.last(ctx, cfg.Logs[i].Origin); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Add cosigns a checkpoint if it is signed by a log that is watched and the
// proof, which begins at the size old, shows that it begins with the last one
// cosigned. It returns the signature line. It fails with ErrUnknownLog,
// StaleError, translog.Evidence, and the errors of Identity.Open and
// CheckGrowth.
func (w *Witness) Add(ctx context.Context, old int64, proof tlog.TreeProof, msg []byte) ([]byte, error) {
	origin, _, _ := strings.Cut(string(msg[:min(len(msg), 1024)]), "\n")
	id, err := w.log(origin)
	if err != nil {
		return nil, err
	}
	now, err := id.Open(msg)
	if err != nil {
		return nil, err
	}
	if old > now.N {
		return nil, fmt.Errorf("log %s: %w: the proof begins at %d leaves, the checkpoint has %d", origin, translog.ErrMalformed, old, now.N)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen, err := w.last(ctx, origin)
	if err != nil {
		return nil, err
	}
	if seen.N == now.N && seen.Hash != now.Hash && seen.Note != nil {
		return nil, w.convict(ctx, translog.CheckGrowth(&seen, &now, nil))
	}
	if old != seen.N {
		return nil, &StaleError{seen.N}
	}
	if empty, _ := tlog.TreeHash(0, nil); now.N == 0 && now.Hash != empty {
		return nil, fmt.Errorf("log %s: %w: %v is not the root of no leaves", origin, translog.ErrProof, now.Hash)
	}
	if err := translog.CheckGrowth(&seen, &now, proof); err != nil {
		return nil, err
	}
	// A tree that is durable need not be written again for whoever asks.
	return w.cosign(ctx, &id, &now, seen.Note == nil || now.N != seen.N)
}

// Observe reads a log's checkpoint and cosigns it if its tiles show that it
// begins with the last one cosigned. A key that the log has changed to is learned
// as tilehttp.Client.Identify does. It fails like Follower.Next, and with
// ErrChanged.
func (w *Witness) Observe(ctx context.Context, origin string, c *tilehttp.Client) (translog.Signed, error) {
	id, err := w.log(origin)
	if err != nil {
		return translog.Signed{}, err
	}
	seen, err := w.Last(ctx, origin)
	if err != nil {
		return translog.Signed{}, err
	}
	msg, err := c.Checkpoint(ctx)
	if err != nil {
		return translog.Signed{}, err
	}
	now, err := id.Open(msg)
	if errors.Is(err, translog.ErrOtherKey) {
		// The log may have changed its key, and then shows how.
		if later, changed := c.Identify(ctx, id.Keys[0]); changed == nil && len(later.Keys) > 1 {
			if now, err = later.Open(msg); err == nil {
				id = later
				w.learn(id)
			}
		}
	}
	if err != nil {
		return translog.Signed{}, err
	}
	// Even the first must have a tree.
	hashes := c.Hashes(ctx, now.Tree)
	if root, err := tlog.TreeHash(now.N, hashes); err != nil {
		return translog.Signed{}, err
	} else if root != now.Hash {
		return translog.Signed{}, fmt.Errorf("log %s: %w: %v is not the root of %d leaves", origin, translog.ErrProof, now.Hash, now.N)
	}
	if err := translog.CheckPrefix(&seen, &now, hashes); err != nil {
		return translog.Signed{}, w.convict(ctx, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	again, err := w.last(ctx, origin)
	if err != nil {
		return translog.Signed{}, err
	}
	if again.Tree != seen.Tree {
		return translog.Signed{}, fmt.Errorf("log %s: %w", origin, ErrChanged)
	}
	if _, err := w.cosign(ctx, &id, &now, true); err != nil {
		return translog.Signed{}, err
	}
	return w.last(ctx, origin)
}

// Last returns the last checkpoint of a log that was cosigned, with the
// cosignature; its Note is nil before the first.
func (w *Witness) Last(ctx context.Context, origin string) (translog.Signed, error) {
	if _, err := w.log(origin); err != nil {
		return translog.Signed{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last(ctx, origin)
}

func (w *Witness) log(origin string) (translog.Identity, error) {
	w.keys.RLock()
	defer w.keys.RUnlock()
	for i := range w.cfg.Logs {
		if w.cfg.Logs[i].Origin == origin {
			return w.cfg.Logs[i], nil
		}
	}
	return translog.Identity{}, fmt.Errorf("log %.100q: %w", origin, ErrUnknownLog)
}

// learn takes up the keys of a log that is watched.
func (w *Witness) learn(id translog.Identity) {
	w.keys.Lock()
	defer w.keys.Unlock()
	for i := range w.cfg.Logs {
		if w.cfg.Logs[i].Origin == id.Origin {
			w.cfg.Logs[i].Keys = id.Keys
		}
	}
}

// last reads the state. What it holds must bear the witness's own signature,
// whichever keys the log had then.
func (w *Witness) last(ctx context.Context, origin string) (translog.Signed, error) {
	msg, err := w.cfg.State.Load(ctx, origin)
	if err != nil {
		return translog.Signed{}, err
	}
	if msg == nil {
		empty, _ := tlog.TreeHash(0, nil)
		return translog.Signed{Checkpoint: translog.Checkpoint{Origin: origin, Tree: tlog.Tree{Hash: empty}}}, nil
	}
	own := translog.Identity{Origin: origin, Keys: []note.Verifier{w.cfg.Key}}
	s, err := own.Open(msg)
	if err != nil {
		return translog.Signed{}, fmt.Errorf("state of witness %s: %w", w.cfg.Key.Name(), err)
	}
	return s, nil
}

// cosign signs, makes it durable if save is set, and returns the signature line.
func (w *Witness) cosign(ctx context.Context, id *translog.Identity, s *translog.Signed, save bool) ([]byte, error) {
	n, err := note.Open(s.Note, note.VerifierList(id.Keys...))
	if err != nil {
		return nil, err
	}
	n.UnverifiedSigs = nil // of others, which may be anything
	both, err := note.Sign(n, w.cfg.Signer)
	if err != nil {
		return nil, err
	}
	if save {
		if err := w.cfg.State.Save(ctx, id.Origin, both); err != nil {
			return nil, err
		}
	}
	line := slices.Clone(both[:len(both)-1])
	return append(line[strings.LastIndexByte(string(line), '\n')+1:], '\n'), nil
}

// convict keeps evidence, if the error is some. A checkpoint shown late is
// none: a cache does that too.
func (w *Witness) convict(ctx context.Context, err error) error {
	var e *translog.Evidence
	if !errors.As(err, &e) || errors.Is(err, translog.ErrReplayed) {
		return err
	}
	if kept := w.cfg.State.Convict(ctx, e); kept != nil {
		return fmt.Errorf("%w; it could not be kept: %w", err, kept)
	}
	return err
}
