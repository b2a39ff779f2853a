package tilehttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// timeout bounds one request of the default client.
const timeout = 30 * time.Second

// keptTiles bounds the tiles that are remembered: 8 KiB each.
const keptTiles = 1024

// Client reads a log. It may be used by several goroutines.
type Client struct {
	base string // without a slash at the end
	http *http.Client

	mu    sync.Mutex
	tiles map[tlog.Tile][]byte // that fitted a signed checkpoint
}

// NewClient reads the log at a URL, such as https://example.com/log. c may be
// nil: then a request takes 30 seconds at most, and is not led elsewhere.
func NewClient(rawURL string, c *http.Client) (*Client, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("log URL %.200q: want one such as https://example.com/log", rawURL)
	}
	if c == nil {
		c = &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Client{base: strings.TrimRight(u.String(), "/"), http: c, tiles: map[tlog.Tile][]byte{}}, nil
}

// Checkpoint reads the last signed checkpoint, not checked yet.
func (c *Client) Checkpoint(ctx context.Context) ([]byte, error) {
	return c.get(ctx, "checkpoint", translog.MaxCheckpoint)
}

// get reads at most limit bytes; more are an error.
func (c *Client) get(ctx context.Context, path string, limit int) ([]byte, error) {
	where := c.base + "/" + path
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, fmt.Errorf("%s: %w: %s", where, translog.ErrNotFound, resp.Status)
	default:
		return nil, fmt.Errorf("%s: answer is %s", where, resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if len(b) > limit {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", where, translog.ErrMalformed, limit)
	}
	return b, nil
}

// Hashes reads the hashes of a tree through its tiles. What it returns is proven
// to be in the tree; a tile that is not is translog.ErrProof.
func (c *Client) Hashes(ctx context.Context, tree tlog.Tree) tlog.HashReader {
	proven := tlog.TileHashReader(tree, &fetch{ctx, c})
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		if len(indexes) == 0 || tree.N == 0 {
			return nil, nil
		}
		f := &fetchError{}
		h, err := proven.ReadHashes(indexes)
		if err != nil && !errors.As(err, &f) {
			err = fmt.Errorf("%s: %w: the tiles do not fit the checkpoint of %d leaves: %w", c.base, translog.ErrProof, tree.N, err)
		}
		return h, err
	})
}

// fetchError is a tile that could not be had, other than one that does not fit.
type fetchError struct{ err error }

func (e *fetchError) Error() string { return e.err.Error() }

func (e *fetchError) Unwrap() error { return e.err }

// fetch is a tlog.TileReader for one call.
type fetch struct {
	ctx context.Context
	*Client
}

// Height implements tlog.TileReader.
func (f *fetch) Height() int { return translog.TileHeight }

// ReadTiles implements tlog.TileReader.
func (f *fetch) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		b, err := f.tile(f.ctx, t)
		if err != nil {
			return nil, &fetchError{err}
		}
		data[i] = b
	}
	return data, nil
}

// SaveTiles implements tlog.TileReader.
func (f *fetch) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.tiles)+len(tiles) > keptTiles {
		clear(f.tiles)
	}
	for i, t := range tiles {
		f.tiles[t] = data[i]
	}
}

// tile reads a tile of exactly its size. A log may have the full tile only.
func (c *Client) tile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	c.mu.Lock()
	b, ok := c.tiles[t]
	c.mu.Unlock()
	if ok {
		return b, nil
	}
	size := t.W * tlog.HashSize
	b, err := c.get(ctx, translog.TilePath(t), size)
	if errors.Is(err, translog.ErrNotFound) && t.W < translog.TileWidth {
		full := t
		full.W = translog.TileWidth
		if whole, err := c.get(ctx, translog.TilePath(full), full.W*tlog.HashSize); err == nil && len(whole) == full.W*tlog.HashSize {
			return whole[:size], nil
		}
	}
	if err != nil {
		return nil, err
	}
	if len(b) != size {
		return nil, fmt.Errorf("%s/%s: %w: %d bytes, want %d", c.base, translog.TilePath(t), translog.ErrMalformed, len(b), size)
	}
	return b, nil
}

// Leaves calls do with each leaf of the tree from the index on, in order, until
// it returns an error. Each is proven to be in the tree; one that is not is
// translog.ErrProof.
func (c *Client) Leaves(ctx context.Context, tree tlog.Tree, from int64, do func(index int64, body []byte) error) error {
	hashes := c.Hashes(ctx, tree)
	for n := from / translog.TileWidth; n*translog.TileWidth < tree.N; n++ {
		start := n * translog.TileWidth
		bodies, err := c.bundle(ctx, n, int(min(translog.TileWidth, tree.N-start)))
		if err != nil {
			return err
		}
		indexes := make([]int64, len(bodies))
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, start+int64(i))
		}
		want, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, body := range bodies {
			index := start + int64(i)
			if tlog.RecordHash(body) != want[i] {
				return fmt.Errorf("%s: leaf %d: %w: it is not the one in the tree of %d leaves", c.base, index, translog.ErrProof, tree.N)
			}
			if index < from {
				continue
			}
			if err := do(index, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// bundle reads w leaves.
func (c *Client) bundle(ctx context.Context, n int64, w int) ([][]byte, error) {
	const most = 2 + translog.MaxLeaf
	t := tlog.Tile{H: translog.TileHeight, L: translog.Entries, N: n, W: w}
	b, err := c.get(ctx, translog.TilePath(t), w*most)
	got := w
	if errors.Is(err, translog.ErrNotFound) && w < translog.TileWidth {
		t.W, got = translog.TileWidth, translog.TileWidth
		b, err = c.get(ctx, translog.TilePath(t), got*most)
	}
	if err != nil {
		return nil, err
	}
	bodies, err := translog.ParseBundle(b, got)
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", c.base, translog.TilePath(t), err)
	}
	return bodies[:w], nil
}
