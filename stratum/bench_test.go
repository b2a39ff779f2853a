package stratum

import (
	"testing"

	"github.com/hashlease/hashlease/miner"
)

// BenchmarkSubmit is what a server does with a share: take the line apart,
// rebuild the header, hash and compare.
func BenchmarkSubmit(b *testing.B) {
	i := vectorIssue(b)
	line := AppendRequest(nil, 4, MethodSubmit, []byte(vectorSubmit))
	line = line[:len(line)-1]
	var s Submit
	parse := func() {
		m, err := ParseMessage(line)
		if err == nil {
			err = s.Parse(m.Params)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	parse()
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parse()
		}
	})
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := i.Check(s.Share); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check known root", func(b *testing.B) {
		root := i.MerkleRoot(append(append([]byte(nil), i.Extranonce1...), s.Share.Extranonce2...))
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := i.CheckOn(root, s.Share); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkNotify(b *testing.B) {
	i := vectorIssue(b)
	i.Branches = make([]miner.Hash, 12)
	line := AppendNotify(nil, &i.Job)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			line = AppendNotify(line[:0], &i.Job)
		}
	})
	b.Run("parse", func(b *testing.B) {
		m, err := ParseMessage(line[:len(line)-1])
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseNotify(m.Params); err != nil {
				b.Fatal(err)
			}
		}
	})
}
