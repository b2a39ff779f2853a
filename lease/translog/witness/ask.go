package witness

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// askTimeout bounds one request of the default client.
const askTimeout = 10 * time.Second

// maxAnswer bounds a witness's answer, in bytes.
const maxAnswer = 1 << 14

// Prover is the log that asks; translog.Log is one.
type Prover interface {
	ProveGrowth(ctx context.Context, earlier, later int64) (tlog.TreeProof, error)
}

// Peer is a witness that is asked for cosignatures.
type Peer struct {
	url  string
	key  note.Verifier
	http *http.Client

	mu   sync.Mutex
	last int64 // size of the last checkpoint it cosigned, as far as is known
}

// NewPeer names a witness by its URL and its key, as translog.ParseVerifier
// reads it. c may be nil: then a request takes ten seconds at most, and is not
// led elsewhere.
func NewPeer(rawURL string, key note.Verifier, c *http.Client) (*Peer, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("witness URL %.200q: want one such as https://witness.example", rawURL)
	}
	if !translog.IsWitness(key) {
		return nil, fmt.Errorf("witness %s: its key is one for notes, not for cosignatures (type 4)", rawURL)
	}
	if c == nil {
		c = &http.Client{Timeout: askTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Peer{url: strings.TrimRight(u.String(), "/"), key: key, http: c}, nil
}

// Name returns the name of the witness's key.
func (p *Peer) Name() string { return p.key.Name() }

// Ask asks for a cosignature and returns its lines, verified. It fails with
// translog.ErrReplayed when the witness has seen a larger tree, and with
// translog.ErrSplitView when it has seen another one of this size: then this
// log has gone back, or somebody else signs with its key.
func (p *Peer) Ask(ctx context.Context, log Prover, s translog.Signed) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines, stale, err := p.ask(ctx, log, s, min(p.last, s.N))
	if stale != nil {
		if stale.Size > s.N {
			return nil, fmt.Errorf("witness %s: %w: it has seen %d leaves of log %s, this has %d", p.url, translog.ErrReplayed, stale.Size, s.Origin, s.N)
		}
		lines, stale, err = p.ask(ctx, log, s, stale.Size)
	}
	if stale != nil {
		return nil, fmt.Errorf("witness %s: %w", p.url, stale)
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.Merge(lines, []note.Verifier{p.key}); err != nil {
		return nil, fmt.Errorf("witness %s: %w", p.url, err)
	}
	p.last = s.N
	return lines, nil
}

// ask makes one request with a proof from the size old.
func (p *Peer) ask(ctx context.Context, log Prover, s translog.Signed, old int64) (lines []byte, stale *StaleError, err error) {
	proof, err := log.ProveGrowth(ctx, old, s.N)
	if err != nil {
		return nil, nil, err
	}
	request := Request{Old: old, Proof: proof, Checkpoint: s.Note}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/add-checkpoint", bytes.NewReader(request.Encode()))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := p.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil || len(b) > maxAnswer {
		return nil, nil, fmt.Errorf("witness %s: its answer has more than %d bytes, or breaks off: %w", p.url, maxAnswer, translog.ErrMalformed)
	}
	switch {
	case resp.StatusCode == http.StatusOK:
		return b, nil, nil
	case resp.StatusCode == http.StatusConflict && resp.Header.Get("Content-Type") == "text/x.tlog.size":
		digits := strings.TrimSuffix(string(b), "\n")
		size, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || size < 0 {
			return nil, nil, fmt.Errorf("witness %s: %w: size %.40q", p.url, translog.ErrMalformed, b)
		}
		return nil, &StaleError{size}, nil
	case resp.StatusCode == http.StatusConflict:
		return nil, nil, fmt.Errorf("witness %s: %w: it has seen another tree of %d leaves", p.url, translog.ErrSplitView, s.N)
	case resp.StatusCode == http.StatusUnprocessableEntity:
		return nil, nil, fmt.Errorf("witness %s: %w: the tree of %d leaves that it has seen is not this log's", p.url, translog.ErrRewritten, old)
	}
	return nil, nil, fmt.Errorf("witness %s: answer is %s: %.200q", p.url, resp.Status, b)
}

// Gather asks all witnesses at once and adds their cosignatures to a
// checkpoint. It returns the checkpoint with those that came, and for each
// witness in order its error, nil for one that cosigned.
func Gather(ctx context.Context, peers []*Peer, log Prover, s translog.Signed) (translog.Signed, []error) {
	lines := make([][]byte, len(peers))
	errs := make([]error, len(peers))
	var all sync.WaitGroup
	for i, p := range peers {
		all.Go(func() { lines[i], errs[i] = p.Ask(ctx, log, s) })
	}
	all.Wait()
	for i, p := range peers {
		if errs[i] == nil {
			var merged translog.Signed
			if merged, errs[i] = s.Merge(lines[i], []note.Verifier{p.key}); errs[i] == nil {
				s = merged
			}
		}
	}
	return s, errs
}
