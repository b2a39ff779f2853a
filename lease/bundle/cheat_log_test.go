package bundle

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/tlog"
)

// after changes a bundle that was made honestly.
func after(do func(b *Bundle)) func(w *world) *Bundle {
	return func(w *world) *Bundle {
		b := w.bundle()
		do(b)
		return b
	}
}

// TestLogCheats are cheats about leaves, proofs and signatures.
func TestLogCheats(t *testing.T) {
	play(t, []cheat{
		{"leaves that changed places", after(func(b *Bundle) { b.Leaves[5].Body, b.Leaves[6].Body = b.Leaves[6].Body, b.Leaves[5].Body }), "proof", "changed, moved"},
		{"leaves out of order", after(func(b *Bundle) { b.Leaves[5], b.Leaves[6] = b.Leaves[6], b.Leaves[5] }), "form", "in order"},
		{"a leaf twice", after(func(b *Bundle) { b.Leaves = slices.Insert(b.Leaves, 5, b.Leaves[5]) }), "form", "each once"},
		{"a byte of a leaf", after(func(b *Bundle) {
			b.Leaves[0].Body = bytes.Replace(b.Leaves[0].Body, []byte("Be fair"), []byte("Be fain"), 1)
		}), "proof", "changed, moved"},
		{"other terms, logged as if they were the first", func(w *world) *Bundle {
			w.terms.FeePPM = 500_000
			w.log[0] = must(leaf.NewTerms(&w.terms))
			return w.bundle()
		}, "terms", "no leaf has the terms"},
		{"a hash left over", after(func(b *Bundle) { b.LogProof = append(b.LogProof, tlog.Hash{}) }), "proof", "not as many"},
		{"a hash missing", after(func(b *Bundle) { b.LogProof = b.LogProof[1:] }), "proof", "not as many"},
		{"a leaf behind the checkpoint", func(w *world) *Bundle {
			b := w.bundle()
			b.Checkpoint = w.checkpoint(len(w.log) - 1)
			return b
		}, "proof", "is not in the log of"},
		{"a checkpoint that another key has signed", func(w *world) *Bundle {
			b := w.bundle()
			w.signers = []string{"thief"}
			b.Checkpoint = w.checkpoint(len(w.log))
			return b
		}, "checkpoint", "other key"},
		{"a checkpoint changed after it was signed", after(func(b *Bundle) {
			b.Checkpoint = bytes.Replace(b.Checkpoint, []byte("\n20\n"), []byte("\n21\n"), 1)
		}), "checkpoint", "forged"},
		{"a checkpoint of another log", after(func(b *Bundle) {
			c := translog.Checkpoint{Origin: "example.com/other", Tree: tlog.Tree{N: 20}}
			b.Checkpoint = must(c.Sign(must(translog.NewSigner(testOrigin, key("provider"))))).Note
		}), "checkpoint", "other log"},
		{"another provider", func(w *world) *Bundle {
			w.signers, w.s.Provider = []string{"thief"}, receipt.B32(public("thief"))
			return w.bundle()
		}, "key", "other key"},
		{"another tenant", func(w *world) *Bundle {
			w.s.TenantKey = receipt.B32(public("thief"))
			return w.bundle()
		}, "tenant-key", "other key"},
		{"no witness", func(w *world) *Bundle {
			w.witnesses = nil
			return w.bundle()
		}, "witness", "has not cosigned"},
		{"another witness under the name", func(w *world) *Bundle {
			w.witnesses = nil
			b := w.bundle()
			b.Checkpoint = append(b.Checkpoint, "— w1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"...)
			return b
		}, "witness", "has not cosigned"},
		{"the cosignature of an earlier checkpoint", func(w *world) *Bundle {
			b := w.bundle()
			earlier := w.checkpoint(len(w.log) - 1)
			w.witnesses = nil
			b.Checkpoint = append(w.checkpoint(len(w.log)), earlier[bytes.Index(earlier, []byte("— w1 ")):]...)
			return b
		}, "witness", "forged"},
		{"a statement that another key has signed", func(w *world) *Bundle {
			w.figures()
			w.signers = []string{"thief"}
			signed := w.issue()
			w.signers = []string{"provider"}
			return w.prove(signed)
		}, "signature", "not signed by a key of the log"},
		{"a statement changed after it was signed", after(func(b *Bundle) {
			b.Note = bytes.Replace(b.Note, []byte(`"tenant":"acme"`), []byte(`"tenant":"acmf"`), 1)
		}), "signature", "does not hold for this text"},
		{"a statement that is in no log", func(w *world) *Bundle {
			w.figures()
			signed := w.issue()
			w.in[int64(len(w.log)-1)] = false
			return w.prove(signed)
		}, "logged", "it was not issued"},
		{"a statement logged before its work", func(w *world) *Bundle {
			w.figures()
			last := w.batches[2].leaf
			signed := must(w.s.Sign(w.signer()))
			e := must(translog.NewEntry(translog.KindStatement, &leaf.Statement{
				Lease: testLease, FromMs: testFromMs, ToMs: testToMs, Number: 1, Hash: StatementHash(signed),
			}, nil, translog.Salt{}))
			w.log[last], w.batches[2].leaf = e, w.append(w.log[last], true)
			return w.prove(signed)
		}, "order", "is before the batch"},
		{"a statement that was superseded", func(w *world) *Bundle {
			w.figures()
			signed := w.issue()
			w.s.Number, w.s.Supersedes = 2, (*receipt.B32)(&[32]byte{1})
			w.issue()
			w.s.Number, w.s.Supersedes = 1, nil
			return w.prove(signed)
		}, "superseded", "by number 2"},
		{"a statement that supersedes another one", func(w *world) *Bundle {
			w.figures()
			w.issue()
			w.s.Number, w.s.Supersedes = 2, (*receipt.B32)(&[32]byte{1})
			return w.prove(w.issue())
		}, "superseded", "does not supersede the statement of number 1"},
		{"a former statement that is not shown", func(w *world) *Bundle {
			w.s.Number, w.s.Supersedes = 2, (*receipt.B32)(&[32]byte{1})
			return w.bundle()
		}, "superseded", "is of number 2, after number 0"},
		{"the opening of another leaf", func(w *world) *Bundle {
			b := w.bundle()
			i := slices.IndexFunc(b.Leaves, func(l Leaf) bool { return l.Opening != nil })
			b.Leaves[i].Opening = w.log[1].Secret
			return b
		}, "openings", "not what the leaf commits to"},
		{"the opening of a leaf that is not here", after(func(b *Bundle) {
			i := slices.IndexFunc(b.Leaves, func(l Leaf) bool { return bytes.Contains(l.Body, []byte(`"kind":"job"`)) })
			b.Leaves[i].Opening = []byte("{}")
		}), "form", "has nothing to open"},
	})
}

// TestKeyCheats are cheats about the change of a log's key.
func TestKeyCheats(t *testing.T) {
	rotate := func(w *world, former, next string) {
		w.append(must(translog.NewEntry(translog.KindKey, &translog.NextKey{Key: must(translog.VerifierKey(testOrigin, public(next)))}, nil, translog.Salt{})), true)
		n := len(w.log)
		was := w.signers
		w.signers = []string{former}
		w.rotations = append(w.rotations, Rotation{string(w.checkpoint(n)), int64(n - 1), must(tlog.ProveRecord(int64(n), int64(n-1), w.tree(n)))})
		w.signers = append(was, next)
	}
	t.Run("honest", func(t *testing.T) {
		w := honest(t, 4)
		w.witnesses = []string{"w1"}
		rotate(w, "provider", "second")
		rotate(w, "second", "third")
		if r := verify(t, pack(t, w.bundle()), known(w)); !r.OK() {
			t.Errorf("%q", failed(r))
		}
	})
	play(t, []cheat{
		{"a key that no former one handed over to", func(w *world) *Bundle {
			rotate(w, "thief", "second")
			return w.bundle()
		}, "checkpoint", "other key"},
		{"a former key that still signs", func(w *world) *Bundle {
			rotate(w, "provider", "second")
			b := w.bundle()
			w.signers = []string{"provider"}
			b.Checkpoint = w.checkpoint(len(w.log))
			return b
		}, "checkpoint", "other key"},
		{"a change of the key that is not logged", func(w *world) *Bundle {
			rotate(w, "provider", "second")
			w.in[w.rotations[0].Index] = false
			return w.bundle()
		}, "checkpoint", "which is not here"},
	})
}

// TestTagCheats are cheats about whose the tag is.
func TestTagCheats(t *testing.T) {
	play(t, []cheat{
		{"a tag without its neighbour", after(func(b *Bundle) { b.Tags[0].Proof.Before = nil }), "tags", "without a neighbour"},
		{"a tag that is used twice", after(func(b *Bundle) { b.Tags[0].Proof.Before.Entry.Tag = b.Tags[0].Proof.Entry.Entry.Tag }), "tags", "used twice"},
		{"the entry of another lease", func(w *world) *Bundle {
			b := w.bundle()
			b.Tags[0].Proof = must(w.maps[b.Tags[0].Leaf].Prove(translog.DestinationID(leaf.DestinationHouse), "L-0001"))
			return b
		}, "tags", "the entry is that of lease"},
		{"an entry of another map", after(func(b *Bundle) { b.Tags[1].Proof = b.Tags[0].Proof }), "tags", "the proof does not hold"},
		{"no entry", after(func(b *Bundle) { b.Tags = b.Tags[:1] }), "tags", "0 proofs for 1 destinations"},
		{"a tag that was nobody's yet", func(w *world) *Bundle {
			for i := range w.maps {
				w.in[i] = false
			}
			w.appendMap(testFromMs, true)
			return w.bundle()
		}, "tags", "nobody's yet"},
		{"work where the lease has no tag", func(w *world) *Bundle {
			w.leases[1].Destinations = []string{leaf.DestinationPool}
			w.log[3] = w.log[w.appendLease(&w.leases[1], false)]
			w.maps = map[int64]*translog.TagMap{}
			for i := range w.log {
				if bytes.Contains(w.log[i].Body, []byte(`"kind":"tagmap"`)) {
					w.in[int64(i)] = false
				}
			}
			// At its place a map with the lease's short tag.
			m := must(leaf.Tags{testLease: w.leases[1]}.Map(testFromMs))
			w.log[4], w.in[4] = must(leaf.NewTagMap(testFromMs, m.Root())), true
			b := w.bundle()
			b.Tags = []Tag{{4, must(m.Prove(translog.DestinationID(leaf.DestinationPool), testLease))}}
			return b
		}, "tags", "where the lease has no tag"},
	})
}

// TestSince compares bundles with checkpoints that were kept.
func TestSince(t *testing.T) {
	kept := honest(t, 4)
	old := kept.checkpoint(14)
	for _, tt := range []struct {
		name  string
		since func(w *world) []byte
		do    func(w *world) *Bundle
		words string // none: it holds
	}{
		{"honest", nil, func(w *world) *Bundle { w.from = []int64{7, 14}; return w.bundle() }, ""},
		{"the same", func(w *world) []byte { return w.checkpoint(len(w.log)) }, (*world).bundle, ""},
		{"no proof", nil, (*world).bundle, "does not prove that"},
		{"a forked log", nil, func(w *world) *Bundle {
			w.log[5] = w.log[6]
			w.from = []int64{14}
			return w.bundle()
		}, "the proof does not hold"},
		{"another history of the same length", func(w *world) []byte {
			w.log[0] = w.log[1]
			return w.checkpoint(len(w.log))
		}, (*world).bundle, "split view"},
		{"an older checkpoint, or a log that was cut off", func(w *world) []byte {
			w.append(w.log[0], false)
			return w.checkpoint(len(w.log))
		}, (*world).bundle, "replayed"},
		{"a checkpoint of somebody else", func(w *world) []byte {
			w.signers = []string{"thief"}
			return w.checkpoint(5)
		}, (*world).bundle, "other key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := honest(t, 4)
			w.witnesses = []string{"w1"}
			file := pack(t, tt.do(w))
			o := known(w)
			if o.Since = old; tt.since != nil {
				o.Since = tt.since(w)
			}
			r := verify(t, file, o)
			if tt.words != "" {
				refuse(t, r, "since", tt.words)
			} else if !r.OK() {
				t.Errorf("%q", failed(r))
			}
		})
	}
}

// TestStrict makes failures of what the caller could have given and did not.
func TestStrict(t *testing.T) {
	w := honest(t, 4)
	file := pack(t, w.bundle())
	if r := verify(t, file, Options{}); !r.OK() || len(r.Unchecked) < 5 {
		t.Errorf("%q, unchecked %q", failed(r), r.Unchecked)
	}
	r := verify(t, file, Options{Strict: true})
	for _, name := range []string{"key", "tenant-key", "witness", "since", "coin", "chain"} {
		refuse(t, r, name, "not checked")
	}
	names := make(map[string]bool)
	for _, c := range r.Checks {
		if names[c.Name] {
			t.Errorf("check %s is there twice", c.Name)
		}
		names[c.Name] = true
	}
}

// TestOpenTip leaves out the headers behind an old block, on which work goes on.
func TestOpenTip(t *testing.T) {
	w := honest(t, 4)
	w.chain, w.forks = w.chain[:13], nil
	w.s.Period.ToMs = testFromMs + 8*lease.MsPerHour
	w.s.Period.RunningMs = 8 * lease.MsPerHour
	w.log, w.batches = w.log[:w.batches[0].leaf+1], w.batches[:1]
	const at = testFromMs + 7*lease.MsPerHour
	template := w.template(w.tips0(), 113, at/1000)
	w.appendBatch(at, at+lease.BatchMs, w.mine(3, 99, w.putJob(template, at)))
	file := pack(t, w.bundle())
	r := verify(t, file, Options{})
	if !r.OK() || !strings.Contains(strings.Join(r.Unchecked, "\n"), "was still the tip hours later") {
		t.Errorf("%q, unchecked %q", failed(r), r.Unchecked)
	}
	refuse(t, verify(t, file, Options{Strict: true}), "headers", "was still the tip hours later")
}

// tips0 is the tip of before the period.
func (w *world) tips0() miner.Hash { return w.chain[12].Hash() }

// noBlock is a place before all that a coin shows.
const noBlock = -100

// coin is what a coin node shows: the chain of the world, what was before it, and
// what came behind.
type coin struct {
	w      *world
	tagged int // the coinbase of this block, by its place in world.chain, has the tag; noBlock: none
}

// Block implements Chain.
func (c coin) Block(_ context.Context, height int64) (miner.Header, []byte, error) {
	i, chain := int(height-100)+len(c.w.before), slices.Concat(c.w.before, c.w.chain, c.w.behind)
	if i < 0 || i >= len(chain) {
		return miner.Header{}, nil, lease.ErrNotFound
	}
	h := chain[i]
	tag := c.w.leases[0].Tag
	if int(height-100) == c.tagged {
		tag = c.w.s.Tag
	}
	t := c.w.template(h.Prev(), height, 0)
	issue := t.Issue(lease.Tag(tag), miner.MaxTarget, []byte{0, 0})
	return h, slices.Concat(issue.Coinb1, make([]byte, 6), issue.Coinb2), nil
}

// TestChain asks a coin node for what the provider may have left out.
func TestChain(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tagged int
		change func(w *world)
		words  string
	}{
		{"honest", noBlock, func(*world) {}, ""},
		{"a hidden block", 13, func(*world) {}, "a hidden block"},
		{"a block of the first minutes", 12, func(*world) {}, "a hidden block"},
		{"other headers", noBlock, func(w *world) { w.chain = slices.Clone(w.chain); w.chain[14] = w.forks[0] }, "on the chain, and"},
		{"headers beyond the chain's end", noBlock, func(w *world) { w.chain = w.chain[:13] }, "height 113: your coin node's chain ends"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := honest(t, 4)
			file := pack(t, w.bundle())
			tt.change(w)
			r := verify(t, file, Options{Chain: coin{w, tt.tagged}})
			if tt.words != "" {
				refuse(t, r, "chain", tt.words)
			} else if !r.OK() {
				t.Errorf("%q", failed(r))
			}
		})
	}
	w := honest(t, 4)
	b := w.bundle()
	b.Headers, b.Forks = nil, nil
	refuse(t, verify(t, pack(t, b), Options{Chain: coin{w, 13}}), "chain", "there are no headers")
}
