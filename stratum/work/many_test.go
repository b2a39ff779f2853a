package work

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/miner"
)

// someIssue has random contents.
func someIssue(r *rand.Rand, coinbase, branches, extranonce2Size int, target miner.Target) *Issue {
	bytes := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	at := r.IntN(coinbase + 1)
	i := &Issue{
		Job: Job{PrevHash: miner.Hash(bytes(32)), Coinb1: bytes(at), Coinb2: bytes(coinbase - at), Branches: make([]miner.Hash, branches),
			Version: r.Uint32(), Bits: miner.Bits(r.Uint32())},
		Extranonce2Size: extranonce2Size, Mask: VersionMask, Target: target, MinTime: 1000, MaxTime: 2000,
	}
	for n := range i.Branches {
		i.Branches[n] = miner.Hash(bytes(32))
	}
	return i
}

// TestJudge is that many shares are judged as one after the other.
func TestJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		j := NewJudge()
		all := miner.MultiBuffers()
		if b := all[rapid.IntRange(0, len(all)-1).Draw(t, "buffer")]; b.SelfTest() == nil {
			j.buffer = b
		}
		issues, sizes := make([]*Issue, rapid.IntRange(1, 5).Draw(t, "issues")), make([]int, 5)
		for n := range issues {
			target := miner.MaxTarget
			target[31] = byte(r.Uint32())
			sizes[n] = r.IntN(MaxExtranonces - 15)
			issues[n] = someIssue(r, r.IntN(400), r.IntN(14), 1+r.IntN(16), target)
			if err := j.Add(int64(7*n), issues[n], sizes[n]); err != nil {
				t.Fatal(err)
			}
		}
		var answers []Answer
		for range rapid.SampledFrom([]int{0, 1, 5, 40, chunk + 3, 2*chunk + 1}).Draw(t, "answers") {
			n := r.IntN(len(issues))
			a := Answer{Issue: int64(7 * n), Extranonce: make([]byte, sizes[n]+issues[n].Extranonce2Size), Time: 1000 + r.Uint32N(1001), Nonce: r.Uint32N(1 << 20), VersionBits: r.Uint32() & VersionMask}
			for k := range a.Extranonce[:1] {
				a.Extranonce[k] = byte(r.Uint32N(9)) // some are the same
			}
			switch r.IntN(30) {
			case 0:
				a.Extranonce = append(a.Extranonce, 0)
			case 1:
				a.Time = 999 + 1002*r.Uint32N(2)
			case 2:
				a.VersionBits = 1
			case 3:
				a.Issue++
			}
			answers = append(answers, a)
		}
		out := make([]Judged, len(answers))
		j.Judge(answers, out)
		for n, a := range answers {
			if a.Issue%7 != 0 {
				if !errors.Is(out[n].Err, ErrNoIssue) {
					t.Fatalf("%d: %v", n, out[n].Err)
				}
				continue
			}
			i, size1 := *issues[a.Issue/7], sizes[a.Issue/7]
			i.Extranonce1 = a.Extranonce[:size1]
			_, hash, err := i.Check(Share{Extranonce2: a.Extranonce[size1:], Time: a.Time, Nonce: a.Nonce, VersionBits: a.VersionBits, HasVersion: true})
			if hash != out[n].Hash || fmt.Sprint(reason(err)) != fmt.Sprint(reason(out[n].Err)) {
				t.Fatalf("%d: %v, %v, want %v, %v", n, out[n].Hash, out[n].Err, hash, err)
			}
		}
	})
}

func reason(err error) (code int) {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestJudgeForgets(t *testing.T) {
	j, r := NewJudge(), rand.New(rand.NewPCG(1, 2))
	for id := range int64(4) {
		if err := j.Add(id, someIssue(r, 100, 1, 4, miner.MaxTarget), 2); err != nil {
			t.Fatal(err)
		}
	}
	j.Forget(2)
	out := make([]Judged, 2)
	j.Judge([]Answer{{Issue: 1, Extranonce: make([]byte, 6), Time: 1000}, {Issue: 2, Extranonce: make([]byte, 6), Time: 1000}}, out)
	if !errors.Is(out[0].Err, ErrNoIssue) || out[1].Err != nil {
		t.Errorf("%+v", out)
	}
	for _, sizes := range [][2]int{{-1, 4}, {4, -1}, {29, 4}} {
		if err := j.Add(9, &Issue{Extranonce2Size: sizes[1]}, sizes[0]); err == nil {
			t.Errorf("extranonces of %v bytes are taken", sizes)
		}
	}
}

// many are shares of some issues, each with extranonces of its own: the most
// there can be to do.
func many(t testing.TB, issues, n int) (*Judge, []Answer) {
	j, r := NewJudge(), rand.New(rand.NewPCG(1, 2))
	for id := range issues {
		if err := j.Add(int64(id), someIssue(r, 250, 12, 8, miner.MaxTarget), 2); err != nil {
			t.Fatal(err)
		}
	}
	answers := make([]Answer, n)
	for i := range answers {
		answers[i] = Answer{Issue: int64(r.IntN(issues)), Extranonce: []byte{byte(i), byte(i >> 8), byte(i >> 16), 0, 0, 0, 0, 0, 0, 0}, Time: 1500, Nonce: r.Uint32()}
	}
	return j, answers
}

func TestJudgeAllocatesNothing(t *testing.T) {
	j, answers := many(t, 10, 3000)
	out := make([]Judged, len(answers))
	j.Judge(answers, out)
	if n := testing.AllocsPerRun(10, func() { j.Judge(answers, out) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkJudge is for shares with 12 branches and a coinbase of 260 bytes.
func BenchmarkJudge(b *testing.B) {
	for _, issues := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("issues=%d", issues), func(b *testing.B) {
			j, answers := many(b, issues, 1<<14)
			out := make([]Judged, len(answers))
			b.ReportAllocs()
			for b.Loop() {
				j.Judge(answers, out)
			}
			b.ReportMetric(float64(len(answers))*float64(b.N)/b.Elapsed().Seconds(), "shares/s")
		})
	}
}
