package witness

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/hashlease/hashlease/lease/translog"
)

// NewHandler serves a witness below /: POST /add-checkpoint (C2SP tlog-witness)
// and GET /HASH/checkpoint, the last checkpoint that was cosigned of the log
// whose origin has this SHA-256 in hexadecimal. failed is told of errors of the
// state, and of evidence.
func NewHandler(w *Witness, failed func(error)) http.Handler {
	h := &handler{w, failed}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", h.add)
	mux.HandleFunc("GET /{log}/checkpoint", h.last)
	return mux
}

type handler struct {
	witness *Witness
	failed  func(error)
}

func (h *handler) add(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request, err := ParseRequest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	line, err := h.witness.Add(r.Context(), request.Old, request.Proof, request.Checkpoint)
	var stale *StaleError
	var evidence *translog.Evidence
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(line) // who has gone will ask again
	case errors.As(err, &stale):
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(w, "%d\n", stale.Size)
	case errors.As(err, &evidence):
		h.failed(err)
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		status := statusOf(err)
		if status == http.StatusInternalServerError {
			h.failed(err)
			err = errors.New("the witness cannot keep its state at the moment")
		}
		http.Error(w, err.Error(), status)
	}
}

// statusOf gives the status that the specification wants.
func statusOf(err error) int {
	for _, c := range []struct {
		err    error
		status int
	}{
		{ErrUnknownLog, http.StatusNotFound},
		{translog.ErrOtherKey, http.StatusForbidden},
		{translog.ErrForged, http.StatusForbidden},
		{translog.ErrProof, http.StatusUnprocessableEntity},
		{translog.ErrMalformed, http.StatusBadRequest},
		{translog.ErrOrigin, http.StatusBadRequest},
	} {
		if errors.Is(err, c.err) {
			return c.status
		}
	}
	return http.StatusInternalServerError
}

func (h *handler) last(w http.ResponseWriter, r *http.Request) {
	for i := range h.witness.cfg.Logs {
		origin := h.witness.cfg.Logs[i].Origin
		if r.PathValue("log") != originHash(origin) {
			continue
		}
		s, err := h.witness.Last(r.Context(), origin)
		switch {
		case err != nil:
			h.failed(err)
			http.Error(w, "the witness cannot read its state at the moment", http.StatusInternalServerError)
		case s.Note == nil:
			http.Error(w, "nothing has been cosigned yet", http.StatusNotFound)
		default:
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "public, max-age=1")
			w.Header().Set("Access-Control-Allow-Origin", "*")
			_, _ = w.Write(s.Note)
		}
		return
	}
	http.Error(w, ErrUnknownLog.Error(), http.StatusNotFound)
}
