package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/hashlease/hashlease/lease/auditor"
	"github.com/hashlease/hashlease/lease/portal"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/tilehttp"
	"github.com/hashlease/hashlease/lease/translog/witness"
	"golang.org/x/mod/sumdb/note"
)

// Names inside a witness's directory.
const (
	witnessKeyFile = "witness.key"
	witnessLock    = "witness.lock"
)

// minWitnessEvery is how often a log is asked at most.
const minWitnessEvery = time.Second

func runWitness(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "witness", "--of URL --key KEY [--listen ADDR] [--data DIR] [--every DURATION] [--once] [--json]",
		"Watches another provider's log: reads its checkpoints, checks that each begins with\n"+
			"all that was signed for before, and signs beneath. A provider that shows different\n"+
			"histories to different people, or changes its own, is refused from then on, and both\n"+
			"checkpoints are kept as evidence for others to see. The first run makes the witness's\n"+
			"key; give what it prints to the provider (log.witnesses) and to tenants. The directory\n"+
			"must never be brought back from an older copy. --once looks once and ends; the exit\n"+
			"code is 3 if the log lies.")
	of := f.String("of", "", "the `URL` of the log, such as https://provider.example/log")
	key := f.String("key", "", "the verifier `KEY` that the log began with, known from elsewhere")
	listen := f.String("listen", "", "answer the provider's questions at this `ADDRESS`, such as 127.0.0.1:8421")
	data := f.String("data", "hashlease-witness", "the witness's own `DIRECTORY`")
	every := f.Duration("every", time.Minute, "look at the log every `DURATION`")
	once := f.Bool("once", false, "look once, and end")
	asJSON := f.Bool("json", false, "print what was seen as JSON, an object a line")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	switch {
	case *of == "":
		return f.usage("--of is missing: which log?")
	case *every < minWitnessEvery:
		return f.usage("--every %v: want at least %v", *every, minWitnessEvery)
	case *once && *listen != "":
		return f.usage("--once and --listen exclude each other")
	}
	c, err := tilehttp.NewClient(*of, nil)
	if err != nil {
		return usage("%w", err)
	}
	first, err := witnessedKey(ctx, f, c, *key, *of)
	if err != nil {
		return err
	}
	w, err := openWitness(ctx, e, *data, first)
	if err != nil {
		return err
	}
	defer w.unlock()
	w.log, w.client, w.of, w.json = logger(e.stderr, "text", slog.LevelInfo), c, *of, *asJSON
	if *once {
		return w.once(ctx)
	}
	return w.run(ctx, *listen, *every)
}

// witnessedKey is the key by which the log is known. Without one the log's own
// word is shown, not taken.
func witnessedKey(ctx context.Context, f *flags, c *tilehttp.Client, key, of string) (note.Verifier, error) {
	if key != "" {
		v, err := translog.ParseVerifier(key)
		if err != nil {
			return nil, usage("--key: %w", err)
		}
		if translog.IsWitness(v) {
			return nil, usage("--key %.80s is a witness's key, not a log's", key)
		}
		return v, nil
	}
	missing := f.usage("--key is missing: by which key is the log known?")
	b, err := c.KeyText(ctx)
	if err != nil {
		return nil, missing
	}
	return nil, withHint(missing, "the log itself says %s: compare that with what the provider gave you by another way", printable(b))
}

// watching is a witness of one log.
type watching struct {
	e       *env
	witness *witness.Witness
	dir     string
	vkey    string // its own
	origin  string // of the log
	client  *tilehttp.Client
	of      string
	json    bool
	log     *slog.Logger
	unlock  func()
}

// openWitness opens a witness's directory, which one process has at a time, and
// makes what is missing.
func openWitness(ctx context.Context, e *env, dir string, first note.Verifier) (_ *watching, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, withHint(err, "name a directory that this user may write with --data")
	}
	lock, err := os.OpenFile(filepath.Join(dir, witnessLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if held, err := lockFile(lock); err != nil {
		lock.Close()
		if held {
			err = withHint(fmt.Errorf("another witness runs on %s", dir), "stop it, or give this one a directory of its own with --data")
		}
		return nil, err
	}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	private, err := witnessKey(dir)
	if err != nil {
		return nil, err
	}
	public := private.Public().(ed25519.PublicKey)
	name := fmt.Sprintf("hashlease-witness-%x", public[:8])
	w := &watching{e: e, dir: dir, origin: first.Name(), unlock: func() { lock.Close() }}
	if w.vkey, err = translog.WitnessKey(name, public); err != nil {
		return nil, err
	}
	signer, err := translog.NewCosigner(name, private, e.now)
	if err != nil {
		return nil, err
	}
	key, err := translog.NewWitness(name, public)
	if err != nil {
		return nil, err
	}
	w.witness, err = witness.New(ctx, witness.Config{
		Logs:   []translog.Identity{{Origin: first.Name(), Keys: []note.Verifier{first}}},
		Signer: signer, Key: key, State: witness.Dir(dir),
	})
	return w, err
}

// witnessKey reads the witness's key. A directory that has seen a log and has no
// key gets no other one.
func witnessKey(dir string) (ed25519.PrivateKey, error) {
	name := filepath.Join(dir, witnessKeyFile)
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		seen, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, s := range seen {
			if s.Name() != witnessLock && s.Name()[0] != '.' { // which a kill leaves
				return nil, withHint(fmt.Errorf("%s is missing, but %s is not empty", name, dir), "put your copy of it back, or begin as another witness with another --data")
			}
		}
	}
	return loadKey(name, true)
}

// seenDoc is what a witness saw, as --json prints it.
type seenDoc struct {
	Witness    string `json:"witness"` // its verifier key
	Origin     string `json:"origin"`
	OK         bool   `json:"ok"`
	Size       int64  `json:"size"`
	Root       string `json:"root,omitempty"`
	Error      string `json:"error,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"` // with the cosignature
}

// look reads the log once and cosigns what it shows.
func (w *watching) look(ctx context.Context) (seenDoc, error) {
	doc := seenDoc{Witness: w.vkey, Origin: w.origin}
	s, err := w.witness.Observe(ctx, w.origin, w.client)
	if errors.Is(err, witness.ErrChanged) { // the provider has asked meanwhile
		s, err = w.witness.Observe(ctx, w.origin, w.client)
	}
	if err != nil {
		doc.Error = err.Error()
		return doc, w.explain(err)
	}
	doc.OK, doc.Size, doc.Root, doc.Checkpoint = true, s.N, s.Hash.String(), string(s.Note)
	return doc, nil
}

// explain says what became of an error: whether the log lied, and where the
// evidence is.
func (w *watching) explain(err error) error {
	err = explainRemote(err, w.of)
	var evidence *translog.Evidence
	switch {
	case errors.Is(err, translog.ErrReplayed):
		return &coded{code: exitUnverified, err: fmt.Errorf("NOT COSIGNED: truncated, or an older state is shown: %w", err),
			hint: "a cache before the log may be the cause; if it stays so, the provider has cut its log"}
	case errors.As(err, &evidence):
		return &coded{code: exitUnverified, err: fmt.Errorf("THE LOG LIES: %w", err),
			hint: fmt.Sprintf("both signed checkpoints are kept in %s: show them to others", filepath.Join(w.dir, "evidence-*"))}
	case auditor.Lied(err):
		return &coded{code: exitUnverified, err: fmt.Errorf("NOT COSIGNED: %w", err)}
	}
	return err
}

// tell prints what was seen.
func (w *watching) tell(doc *seenDoc) error {
	if w.json {
		b, err := json.Marshal(doc)
		if err == nil {
			_, err = w.e.stdout.Write(append(b, '\n'))
		}
		return err
	}
	if !doc.OK {
		return nil // the error says it
	}
	_, err := fmt.Fprintf(w.e.stdout, "log %s: %d leaves, root %s, cosigned\n", doc.Origin, doc.Size, doc.Root)
	return err
}

func (w *watching) introduce() {
	fmt.Fprintf(w.e.stderr, "witness %s\n", w.vkey)
	if kept, err := filepath.Glob(filepath.Join(w.dir, "evidence-*")); err == nil && len(kept) > 0 {
		fmt.Fprintf(w.e.stderr, "there is evidence against a log: %s\n", kept[0])
	}
}

func (w *watching) once(ctx context.Context) error {
	w.introduce()
	doc, seen := w.look(ctx)
	if err := w.tell(&doc); err != nil {
		return err
	}
	return seen
}

// run looks from time to time, and answers questions, until ctx ends.
func (w *watching) run(ctx context.Context, listen string, every time.Duration) error {
	w.introduce()
	answering := make(chan error, 1)
	if listen == "" {
		answering <- nil
	} else {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
		if err != nil {
			return withHint(err, "name another address with --listen")
		}
		fmt.Fprintf(w.e.stderr, "log.witnesses of the provider: [\"http://%s %s\"]\n", l.Addr(), w.vkey)
		h := witness.NewHandler(w.witness, func(err error) { w.log.Error("asked for a cosignature", "error", w.explain(err)) })
		go func() { answering <- portal.Serve(ctx, l, h, w.log) }()
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var last seenDoc
	for {
		doc, err := w.look(ctx)
		if ctx.Err() == nil {
			switch {
			case exitCode(err) == exitUnverified:
				w.log.Error(err.Error())
			case err != nil && doc.Error != last.Error:
				w.log.Warn(err.Error())
			}
			if doc.Root != last.Root || doc.Error != last.Error {
				if err := w.tell(&doc); err != nil {
					return err
				}
			}
			last = doc
		}
		select {
		case <-ctx.Done():
			if err := <-answering; err != nil {
				return err
			}
			if context.Cause(ctx) == errInterrupted {
				return &coded{code: exitInterrupted}
			}
			return nil
		case <-ticker.C:
		}
	}
}
