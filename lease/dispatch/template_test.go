package dispatch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// inputAt is a block of the house with two transactions, and how its job would
// be with another tag.
func inputAt(t *testing.T, height int64) (*templateInput, func(lease.Tag) *stratum.Job) {
	t.Helper()
	source := &solo.Template{
		Height: height, Version: 0x3fffffff, PrevHash: miner.Hash{5}, Bits: 0x207fffff, CurTime: 1000, MinTime: 900, CoinbaseValue: 50,
		Txs: []solo.Tx{{Data: []byte{1}, TxID: miner.Hash{1}, WTxID: miner.Hash{2}}, {Data: []byte{2}, TxID: miner.Hash{3}, WTxID: miner.Hash{4}}},
	}
	build := func(tag lease.Tag) *stratum.Job {
		job, err := solo.BuildJob(source, "1", tag, []stratum.Output{{Value: 50, Script: []byte{0x51}}})
		if err != nil {
			t.Fatal(err)
		}
		return job
	}
	return &templateInput{
		job: build(lease.Tag{1}), tag: lease.Tag{1}, height: height, mask: stratum.VersionMask, minTime: 900, maxTime: 2000,
		extranonce1Size: solo.ExtranonceSize1, extranonce2Size: solo.ExtranonceSize2, reward: 50, fee: 1,
		split: receipt.Split{{Lease: "L-0001", Sat: 40}, {Lease: "L-0002", Sat: 9}},
	}, build
}

// A template gives back, for every tag, the job that would have been built with
// that tag, but for the commitment in it.
func TestTemplateOfAnyTag(t *testing.T) {
	for _, height := range []int64{1, 16, 17, 127, 128, 32767, 32768, 840_000, 1 << 24} {
		in, build := inputAt(t, height)
		tpl, document, split, err := newTemplate(in)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := receipt.DecodeSplit(split); err != nil || !slices.Equal(back, in.split) {
			t.Errorf("split %s: %v", split, err)
		}
		if again, err := tpl.Encode(); err != nil || !bytes.Equal(again, document) {
			t.Errorf("%s, %v, want %s", again, err, document)
		}
		for _, tag := range []lease.Tag{{1}, {2, 15: 0xff}, {15: 16}} {
			want := build(tag)
			copy(want.Coinb1[len(tpl.Head)+lease.TagSize:], tpl.Tail[:33])
			share := stratum.Share{Extranonce2: []byte{3, 4, 5, 6}, Time: 1500, Nonce: 7, VersionBits: 0x2000, HasVersion: true}
			header, err := tpl.Issue(tag, miner.MaxTarget, []byte{1, 2}).Rebuild(share)
			if err != nil {
				t.Fatal(err)
			}
			if h := want.Header([]byte{1, 2, 3, 4, 5, 6}, want.Version|0x2000, 1500, 7); header != h {
				t.Errorf("height %d, tag %s: header %s, want %s", height, tag, header, h)
			}
		}
	}
}

func TestNewTemplateErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*templateInput)
		want   string
	}{
		"another tag":    {func(in *templateInput) { in.tag[0]++ }, "does not carry tag"},
		"a cut coinbase": {func(in *templateInput) { in.job.Coinb2 = in.job.Coinb2[:9] }, "malformed coinbase"},
		"the tag in coinb2": {func(in *templateInput) {
			n := len(in.job.Coinb1) - 43
			in.job.Coinb1, in.job.Coinb2 = in.job.Coinb1[:n], append(slices.Clone(in.job.Coinb1[n:]), in.job.Coinb2...)
		}, "does not carry tag"},
		"another height":          {func(in *templateInput) { in.height++ }, "its coinbase is for height"},
		"a mask that is too wide": {func(in *templateInput) { in.mask = 0xffffffff }, "mask"},
		"another reward":          {func(in *templateInput) { in.reward++ }, "do not sum"},
		"a short split":           {func(in *templateInput) { in.split = in.split[:1] }, "split, fee and carry are 41 satoshi"},
		"parts out of order":      {func(in *templateInput) { slices.Reverse(in.split) }, "not in order"},
		"a part beyond numbers":   {func(in *templateInput) { in.split[0].Sat = 1 << 60 }, "integer within"},
		"no split":                {func(in *templateInput) { in.split = nil }, "0 parts"},
		"direct, but not paid": {func(in *templateInput) {
			in.direct = []receipt.Direct{{Script: []byte{0x52}, Sat: 40, Leases: []string{"L-0001"}}}
		}, "the document says 40"},
	} {
		in, _ := inputAt(t, 840_000)
		c.change(in)
		if _, _, _, err := newTemplate(in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
}

// poolIssue is a job of a pool whose extranonce2 has n bytes.
func poolIssue(n int) *stratum.Issue {
	script := []byte{3, 0x40, 0xd1, 0x0c, 4, 1, 2, 3, 4, byte(4 + n)}
	b1 := append([]byte{1, 0, 0, 0, 1}, make([]byte, 32)...)
	b1 = append(append(b1, 0xff, 0xff, 0xff, 0xff, byte(len(script)+4+n)), script...)
	b2 := binary.LittleEndian.AppendUint64([]byte{0xff, 0xff, 0xff, 0xff, 1}, 50)
	return &stratum.Issue{
		Job:         stratum.Job{ID: "1", Coinb1: b1, Coinb2: append(b2, 1, 0x51, 0, 0, 0, 0), Branches: []miner.Hash{{7}}, Version: 0x20006000, Bits: 0x1d00ffff, Time: 1000},
		Extranonce1: []byte{1, 2, 3, 4}, Extranonce2Size: n, Mask: stratum.VersionMask, Target: miner.DifficultyOne, MinTime: 1000, MaxTime: 8200,
	}
}

// What a worker finds on the document's issue is, with PoolExtranonce2, the same
// header on the pool's own.
func TestPoolTemplateIsThePoolsJob(t *testing.T) {
	tag := lease.Tag{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	const address = "stratum+tcp://pool.example:3333"
	for n := 4; n <= 32; n++ {
		issue := poolIssue(n)
		tpl, err := newPoolTemplate(issue, address, lease.TermsHash{1})
		if err != nil {
			t.Fatal(err)
		}
		if tpl.Height != 0x0cd140 || tpl.Pool.Address != address || tpl.Terms != (receipt.B32{1}) || tpl.FitsRigs() != (n >= 8) {
			t.Errorf("%+v", tpl)
		}
		number, rolled := make([]byte, tpl.Extranonce1Size), bytes.Repeat([]byte{0xab}, tpl.Extranonce2Size)
		share := stratum.Share{Extranonce2: rolled, Time: 1009, Nonce: 5, VersionBits: 0x4000, HasVersion: true}
		ours, err := tpl.Issue(tag, miner.MaxTarget, number).Rebuild(share)
		if err != nil {
			t.Fatal(err)
		}
		share.Extranonce2 = tpl.PoolExtranonce2(tag, number, rolled)
		if pools, err := issue.Rebuild(share); err != nil || pools != ours {
			t.Errorf("%d bytes: %x, the pool makes %x, %v", n, ours, pools, err)
		}
	}
	if _, err := newPoolTemplate(poolIssue(3), address, lease.TermsHash{}); !errors.Is(err, receipt.ErrPoolTooNarrow) {
		t.Errorf("3 bytes: %v", err)
	}
	issue := poolIssue(8)
	issue.Coinb2 = issue.Coinb2[:5]
	if _, err := newPoolTemplate(issue, address, lease.TermsHash{}); err == nil || !strings.Contains(err.Error(), "malformed coinbase") {
		t.Errorf("a cut coinbase: %v", err)
	}
}
