package receipt

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/miner"
)

var update = flag.Bool("update", false, "write the example files anew")

// golden compares a file of examples with what it should be.
func golden(t *testing.T, name string, want []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%s\nwant\n%s", path, got, want)
	}
}

// The examples of FORMAT.md are as the code has them.
func TestExampleFiles(t *testing.T) {
	house, pool := testTemplate(t), poolTemplate(t, 8)
	split, err := testSplit().Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "house_template.json", encode(t, house))
	golden(t, "house_split.json", split)
	golden(t, "pool_template.json", encode(t, pool))

	var text bytes.Buffer
	example := func(name string, x *Template, tag lease.Tag, target miner.Target, records []Record) []miner.Hash {
		h := NewHasher(tag, target)
		if err := h.AddJob(records[0].Job, x); err != nil {
			t.Fatal(err)
		}
		out, hashes := make([]Judged, len(records)), make([]miner.Hash, len(records))
		h.Hash(records, out)
		fmt.Fprintf(&text, "template %s\ntag %v\ntarget %v\n", name, tag, target)
		for i := range records {
			if out[i].Err != nil {
				t.Fatal(out[i].Err)
			}
			hashes[i] = out[i].Hash
			fmt.Fprintf(&text, "record %x\nhash %v\n", records[i].Append(nil), hashes[i])
		}
		text.WriteByte('\n')
		return hashes
	}
	d, err := miner.ParseDifficulty("0.05")
	if err != nil {
		t.Fatal(err)
	}
	var shares []Record
	for _, s := range poolShares {
		shares = append(shares, Record{Job: 11, Extranonce: make([]byte, 6), Time: 0x6affdc7d, Nonce: s.nonce, VersionBits: 0x400000})
	}
	example("pool_template.json", pool, lease.Tag{}, d.PoolTarget(), shares)

	var records []Record
	for nonce := range uint32(100) {
		records = append(records, Record{Job: 7, Extranonce: []byte{0, 1, 0, 0, 0, 2}, Time: 1500, Nonce: nonce, VersionBits: 0x2000})
	}
	target := miner.MaxTarget
	hashes := example("house_template.json", house, lease.Tag{1, 2, 3, 15: 4}, target, records)
	order, tree, err := Seal(records, hashes)
	if err != nil {
		t.Fatal(err)
	}
	sorted := make([]miner.Hash, len(order))
	for i, at := range order {
		sorted[i] = hashes[at]
	}
	thin, kept := Thin(sorted, target)
	proof, err := tree.Prove(multiproof.First(kept))
	if err != nil {
		t.Fatal(err)
	}
	want := tree.Root()
	fmt.Fprintf(&text, "batch of the %d records above\nroot %x\nmeeting the smaller target %d\nleft when thinned %d\n", len(records), want[:], thin, kept)
	left := make([][]byte, kept)
	for i := range left {
		left[i] = records[order[i]].Append(nil)
		fmt.Fprintf(&text, "record %x\n", left[i])
	}
	for _, h := range proof {
		fmt.Fprintf(&text, "proof %x\n", h[:])
	}
	root, _, err := CheckBatch(int64(len(records)), left, sorted[:kept], target, proof)
	if err != nil || root != want || kept < 2 || len(proof) == 0 {
		t.Errorf("%d left, %d hashes: %v, %v, want %v", kept, len(proof), root, err, want)
	}
	golden(t, "examples.txt", text.Bytes())
}
