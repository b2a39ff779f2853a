package translog

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// TileHeight is the height of tiles: 256 hashes (C2SP tlog-tiles).
const TileHeight = 8

// TileWidth is the number of hashes, or leaves, in a full tile.
const TileWidth = 1 << TileHeight

// Entries is the level of entry bundles in a tlog.Tile.
const Entries = -1

// maxTilePath bounds the path of a tile. One of level 63 and the last index has
// 43 characters.
const maxTilePath = 64

// TilePath returns the path of a tile or an entry bundle below a log's URL:
// tile/L/N, tile/entries/N, and .p/W if it is not full.
func TilePath(t tlog.Tile) string {
	level, rest, _ := strings.Cut(strings.TrimPrefix(t.Path(), "tile/8/"), "/")
	if level == "data" {
		level = "entries"
	}
	return "tile/" + level + "/" + rest
}

// ParseTilePath reads what TilePath writes. It fails with ErrMalformed.
func ParseTilePath(path string) (tlog.Tile, error) {
	bad := fmt.Errorf("tile %.80q: %w: want tile/LEVEL/INDEX or tile/entries/INDEX", path, ErrMalformed)
	if len(path) > maxTilePath {
		return tlog.Tile{}, bad
	}
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return tlog.Tile{}, bad
	}
	if index, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + index
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil || t.L > 63 || TilePath(t) != path {
		return tlog.Tile{}, bad
	}
	return t, nil
}

// inTree tells whether a tree of n leaves has all of the tile.
func inTree(t tlog.Tile, n int64) bool {
	level := max(t.L, 0) * TileHeight
	if level > 62 {
		return false
	}
	have := n >> level
	return t.N <= have/TileWidth && t.N*TileWidth+int64(t.W) <= have
}

// AppendBundle appends a leaf to an entry bundle: its length in two bytes, and
// its bytes.
func AppendBundle(bundle, body []byte) []byte {
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(body)))
	return append(bundle, body...)
}

// ParseBundle divides an entry bundle into exactly n leaves, 1 to TileWidth. It
// fails with ErrMalformed.
func ParseBundle(bundle []byte, n int) ([][]byte, error) {
	if n < 1 || n > TileWidth {
		return nil, fmt.Errorf("entry bundle: %w: no bundle has %d leaves", ErrMalformed, n)
	}
	leaves := make([][]byte, 0, n)
	for rest := bundle; len(rest) > 0; {
		if len(leaves) == n {
			return nil, fmt.Errorf("entry bundle: %w: more than %d leaves", ErrMalformed, n)
		}
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return nil, fmt.Errorf("entry bundle: %w: it ends within leaf %d", ErrMalformed, len(leaves))
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		leaves = append(leaves, rest[2:end:end])
		rest = rest[end:]
	}
	if len(leaves) != n {
		return nil, fmt.Errorf("entry bundle: %w: %d leaves, want %d", ErrMalformed, len(leaves), n)
	}
	return leaves, nil
}
