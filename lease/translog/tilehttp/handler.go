package tilehttp

import (
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// Source is what is served; translog.Log is one.
type Source interface {
	// Last returns the last checkpoint, without a Note before the first.
	Last() translog.Signed
	// Tile fails with translog.ErrNotFound beyond the last checkpoint.
	Tile(ctx context.Context, t tlog.Tile) ([]byte, error)
}

// How long answers may be kept. Tiles never change; a checkpoint is the newest
// for a moment.
const (
	keepTile       = "public, max-age=31536000, immutable"
	keepCheckpoint = "public, max-age=1"
)

// NewHandler serves a log below /. All of it is public, to pages of other sites
// too. failed is told of errors of the store.
func NewHandler(s Source, failed func(error)) http.Handler {
	return &handler{s, failed}
}

type handler struct {
	source Source
	failed func(error)
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the log is only read here", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	path := strings.TrimPrefix(r.URL.Path, "/")
	if path == "checkpoint" {
		h.checkpoint(w, r)
		return
	}
	t, err := translog.ParseTilePath(path)
	if err != nil {
		http.Error(w, "there are /checkpoint, /tile/LEVEL/INDEX and /tile/entries/INDEX", http.StatusNotFound)
		return
	}
	b, err := h.source.Tile(r.Context(), t)
	switch {
	case errors.Is(err, translog.ErrNotFound):
		http.Error(w, "the last checkpoint has no such tile", http.StatusNotFound)
	case err != nil:
		if r.Context().Err() == nil {
			h.failed(err)
		}
		http.Error(w, "the log cannot be read at the moment", http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Cache-Control", keepTile)
		send(w, r, b, t.L == translog.Entries)
	}
}

func (h *handler) checkpoint(w http.ResponseWriter, r *http.Request) {
	last := h.source.Last()
	if last.Note == nil {
		http.Error(w, "nothing has been signed yet", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", keepCheckpoint)
	send(w, r, last.Note, false)
}

// send writes a body, packed if that is worth it and the client reads it.
func send(w http.ResponseWriter, r *http.Request, b []byte, pack bool) {
	if pack {
		w.Header().Set("Vary", "Accept-Encoding")
	}
	if !pack || !acceptsGzip(r) {
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(b) // who has gone needs no answer
		}
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	if r.Method == http.MethodHead {
		return
	}
	z := gzip.NewWriter(w)
	_, _ = z.Write(b)
	_ = z.Close()
}

// acceptsGzip reads the names in Accept-Encoding; one with a weight, as in
// gzip;q=0, is not taken.
func acceptsGzip(r *http.Request) bool {
	names := strings.Split(r.Header.Get("Accept-Encoding"), ",")
	return slices.ContainsFunc(names, func(s string) bool { return strings.TrimSpace(s) == "gzip" })
}
