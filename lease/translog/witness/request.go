package witness

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// maxProof is how many hashes a proof has at most (C2SP tlog-witness).
const maxProof = 63

// maxRequest bounds the body of add-checkpoint, in bytes.
const maxRequest = translog.MaxCheckpoint + 64*64

// Request is the body of add-checkpoint.
type Request struct {
	Old        int64 // size at which the proof begins
	Proof      tlog.TreeProof
	Checkpoint []byte // signed
}

// Encode writes a request: the old size, the proof and an empty line before the
// checkpoint.
func (r *Request) Encode() []byte {
	b := fmt.Appendf(nil, "old %d\n", r.Old)
	for _, h := range r.Proof {
		b = fmt.Appendf(b, "%v\n", h)
	}
	return append(append(b, '\n'), r.Checkpoint...)
}

// ParseRequest reads what Encode writes. It fails with translog.ErrMalformed.
func ParseRequest(b []byte) (Request, error) {
	bad := func(what string) (Request, error) {
		return Request{}, fmt.Errorf("add-checkpoint: %w: %s", translog.ErrMalformed, what)
	}
	if len(b) > maxRequest {
		return bad(fmt.Sprintf("more than %d bytes", maxRequest))
	}
	head, checkpoint, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok {
		return bad("no empty line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	digits, ok := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || old < 0 || strconv.FormatInt(old, 10) != digits {
		return bad(fmt.Sprintf("first line %.40q, want old SIZE", lines[0]))
	}
	r := Request{Old: old, Checkpoint: checkpoint}
	if len(lines)-1 > maxProof {
		return bad(fmt.Sprintf("a proof of %d hashes, at most %d", len(lines)-1, maxProof))
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(h) != tlog.HashSize || base64.StdEncoding.EncodeToString(h) != line {
			return bad(fmt.Sprintf("line %.60q, want a hash in base64", line))
		}
		r.Proof = append(r.Proof, tlog.Hash(h))
	}
	return r, nil
}
