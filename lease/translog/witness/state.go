package witness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/filelog"
)

// State keeps what a witness must not forget.
type State interface {
	// Load returns the last checkpoint that was saved for a log; nil before the
	// first.
	Load(ctx context.Context, origin string) ([]byte, error)
	// Save replaces it. When it returns nil the checkpoint survives a kill and a
	// power loss.
	Save(ctx context.Context, origin string, signed []byte) error
	// Convict keeps evidence against a log for others to see.
	Convict(ctx context.Context, e *translog.Evidence) error
}

// maxEvidence bounds how many pairs of checkpoints are kept of one log: one
// convicts.
const maxEvidence = 16

// Dir is a State in a directory, which must be there: a file for each log,
// named by the SHA-256 of its origin, and one for each piece of evidence.
type Dir string

var _ State = Dir("")

// originHash names a log in files and URLs.
func originHash(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

func (d Dir) heads(origin string) *filelog.Heads {
	return filelog.NewHeads(filepath.Join(string(d), originHash(origin)))
}

// Load implements State.
func (d Dir) Load(ctx context.Context, origin string) ([]byte, error) {
	return d.heads(origin).Checkpoint(ctx)
}

// Save implements State.
func (d Dir) Save(ctx context.Context, origin string, signed []byte) error {
	return d.heads(origin).PutCheckpoint(ctx, signed)
}

// Convict implements State.
func (d Dir) Convict(_ context.Context, e *translog.Evidence) error {
	before := "evidence-" + originHash(e.Origin) + "-"
	names, err := os.ReadDir(string(d))
	if err != nil {
		return err
	}
	have := 0
	for _, n := range names {
		if strings.HasPrefix(n.Name(), before) {
			have++
		}
	}
	if have >= maxEvidence {
		return nil
	}
	text := fmt.Appendf(nil, "%s\n\nseen:\n\n%s\noffered:\n\n%s", e.Error(), e.Seen, e.Offered)
	sum := sha256.Sum256(text)
	path := filepath.Join(string(d), before+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return filelog.WriteFile(path, text)
}
