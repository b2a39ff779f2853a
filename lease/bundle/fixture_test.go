package bundle

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The world of the tests: one provider with its log, one tenant with a lease
// among others, an hour of it, and a coin whose blocks every second hash makes.
const (
	testOrigin = "example.com/log"
	testLease  = "L-0002"
	testHour   = 472_222 // since 1970
	testFromMs = testHour * lease.MsPerHour
	testToMs   = testFromMs + lease.MsPerHour
	easyBits   = 0x207fffff
)

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(name string) ed25519.PublicKey { return key(name).Public().(ed25519.PublicKey) }

// world is what a provider's bundle is made of. A test changes what it likes, and
// bundle signs, logs and proves it all.
type world struct {
	tb      testing.TB
	signers []string // names of the log's keys; the last one signs
	log     []translog.Entry
	in      map[int64]bool // leaves that are in the bundle
	open    map[int64]bool // of these, those with openings
	terms   lease.Terms
	leases  []leaf.Lease // of all tenants; [1] is the test's
	maps    map[int64]*translog.TagMap
	jobs    map[int64]*receipt.Template
	batches []testBatch
	chain   []miner.Header // from height 100 on
	before  []miner.Header // the blocks below
	behind  []miner.Header // blocks that came later, which are in no bundle
	forks   []miner.Header
	s       Statement

	witnesses []string
	rotations []Rotation
	from      []int64 // sizes of trees that growth is proven from
}

// testBatch is a batch and its receipts, sorted.
type testBatch struct {
	leaf    int64
	doc     leaf.Batch
	records [][]byte
	hashes  []miner.Hash
	tree    *multiproof.Tree
	thinned bool
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// honest is a world in which everything is as it should be, with so many
// receipts in each of three batches.
func honest(tb testing.TB, receipts int) *world {
	w := &world{
		tb: tb, signers: []string{"provider"}, in: make(map[int64]bool), open: make(map[int64]bool),
		maps: make(map[int64]*translog.TagMap), jobs: make(map[int64]*receipt.Template),
		terms: lease.Terms{
			Format: lease.TermsFormat, Text: "Be fair.", Coin: "test", HouseScript: hex.EncodeToString(houseScript()),
			FeePPM: 20_000, Scheme: lease.SchemeSolo, Tides: lease.DefaultTides,
		},
	}
	hash := must(w.terms.Hash())
	for _, id := range []string{"L-0001", testLease, "L-0003"} {
		tag := lease.NewTag(lease.TagInput{Provider: public("provider"), Lease: id, Tenant: public("tenant"), Nonce: nonce(), Terms: hash})
		w.leases = append(w.leases, leaf.Lease{
			Lease: id, Model: lease.Leased, ContractedHps: hps(2), ProofMs: 1000, StartMs: testFromMs,
			Tag: receipt.B16(tag), Terms: receipt.B32(hash), Destinations: []string{leaf.DestinationHouse},
		})
	}
	w.mineChain()
	w.s = Statement{
		Format: StatementFormat, State: Preliminary, Number: 1, Origin: testOrigin, Provider: receipt.B32(public("provider")),
		Tenant: "acme", TenantKey: receipt.B32(public("tenant")), Lease: testLease, Model: lease.Leased, ContractedHps: hps(2), ProofMs: 1000,
		StartMs: testFromMs, Terms: receipt.B32(hash), Tag: w.leases[1].Tag, Nonce: nonce(),
		Period:   Period{FromMs: testFromMs, ToMs: testToMs, RunningMs: lease.MsPerHour},
		Delivery: Delivery{Verdicts: map[string]uint64{}}, Hours: []Hour{}, Rewards: []Reward{},
		Books: Books{Lines: []Line{}, Accounts: []Account{}},
	}
	w.append(must(leaf.NewTerms(&w.terms)), true)
	for i := range w.leases {
		w.appendLease(&w.leases[i], i == 1)
		w.appendMap(testFromMs, i >= 1)
	}
	tips := w.tips()
	for i, at := range []int64{10, 1010, 1910} {
		a := w.appendJob(tips[i], testFromMs+at*1000)
		b := w.appendJob(tips[i], testFromMs+at*1000+30_000)
		w.append(must(translog.NewEntry(translog.KindTransaction, map[string]any{"n": i}, map[string]any{"n": i}, translog.Salt{})), false)
		from := testFromMs + at*1000/lease.BatchMs*lease.BatchMs
		w.appendBatch(from, from+lease.BatchMs, w.mine(receipts, int64(i), a, b))
	}
	return w
}

func houseScript() []byte { return []byte{0x51, 0x20, 1, 2, 3} }

func nonce() receipt.B16 { return receipt.B16{7, 7, 7} }

// append adds a leaf to the log, and to the bundle.
func (w *world) append(e translog.Entry, in bool) int64 {
	i := int64(len(w.log))
	w.log = append(w.log, e)
	w.in[i], w.open[i] = in, in && e.Secret != nil
	return i
}

func (w *world) appendLease(l *leaf.Lease, in bool) int64 {
	private := leaf.LeasePrivate{Tenant: "acme", TenantKey: receipt.B32(public("tenant")), Nonce: nonce(), Provider: receipt.B32(public("provider"))}
	return w.append(must(translog.NewEntry(translog.KindLease, l, &private, translog.Salt{byte(len(w.log))})), in)
}

// appendMap adds the map of all leases that the log has.
func (w *world) appendMap(atMs int64, in bool) int64 {
	tags := make(leaf.Tags)
	for i := range w.log {
		if l, _, err := leaf.Read[leaf.Lease](w.log[i].Body, translog.KindLease); err == nil {
			tags.Add(l)
		}
	}
	m := must(tags.Map(atMs))
	i := w.append(must(leaf.NewTagMap(atMs, m.Root())), in)
	w.maps[i] = m
	return i
}

// coinbase is what the tests make jobs' coinbases of.
func (w *world) template(tip miner.Hash, height int64, at uint32) *receipt.Template {
	push := []byte{2, byte(height), byte(height >> 8)}
	scriptAfter := 1 + 32 + 1 + 6 // commitment, push of the extranonces
	script := len(push) + 1 + lease.TagSize + scriptAfter
	head := slices.Concat([]byte{1, 0, 0, 0, 1}, make([]byte, 32), []byte{0xff, 0xff, 0xff, 0xff, byte(script)}, push, []byte{lease.TagSize})
	out := binary.LittleEndian.AppendUint64([]byte{0xff, 0xff, 0xff, 0xff, 1}, 5_000_000_000)
	out = append(append(out, byte(len(houseScript()))), houseScript()...)
	out = append(out, 0, 0, 0, 0)
	const reward, fee = 5_000_000_000, 100_000_000
	split := must(receipt.One(testLease, reward-fee).Hash())
	return &receipt.Template{
		Format: receipt.TemplateFormat, Height: height, Prev: receipt.U256(tip), Version: 0x20000000, Mask: 0x1fffe000, Bits: easyBits,
		Time: at, MinTime: at - 600, MaxTime: at + 7200, Head: head, Tail: slices.Concat([]byte{32}, make([]byte, 32), []byte{6}), Coinb2: out,
		Branches: []receipt.B32{{1}, {2}}, Extranonce1Size: 2, Extranonce2Size: 4, Terms: w.leases[1].Terms,
		Reward: reward, Fee: fee, Split: split,
	}
}

// appendJob adds the leaf of a job on a tip.
func (w *world) appendJob(tip miner.Hash, createdMs int64) int64 {
	height := int64(100)
	for i := range w.chain {
		if w.chain[i].Hash() == tip {
			height = 101 + int64(i)
		}
	}
	for i := range w.forks {
		if w.forks[i].Hash() == tip {
			height = 101 + int64(len(w.chain)) - 1 // it is beside the last one
		}
	}
	return w.putJob(w.template(tip, height, uint32(createdMs/1000)), createdMs)
}

// putJob lets the coinbase commit to the template, and adds its leaf.
func (w *world) putJob(t *receipt.Template, createdMs int64) int64 {
	document := must(t.Encode())
	sum, at, err := receipt.Commitment(document)
	if err != nil {
		w.tb.Fatal(err)
	}
	hex.Encode(document[at:], sum[:])
	copy(t.Tail[1:], sum[:])
	i := w.append(must(leaf.NewJob(&lease.Template{CreatedMs: createdMs, Body: document})), true)
	w.jobs[i] = t
	return i
}

// target is that of the contract.
func (w *world) target() miner.Target { return w.s.Target() }

// mine makes so many receipts on the jobs in turn, for the lease's tag.
func (w *world) mine(n int, seed int64, jobs ...int64) []receipt.Record {
	return w.mineFor(w.s.Tag, w.target(), n, seed, jobs...)
}

func (w *world) mineFor(tag receipt.B16, target miner.Target, n int, seed int64, jobs ...int64) []receipt.Record {
	var records []receipt.Record
	for nonce := uint32(0); len(records) < n; nonce++ {
		job := jobs[len(records)%len(jobs)]
		t := w.jobs[job]
		r := receipt.Record{Job: job, Extranonce: []byte{0, 1, byte(seed >> 8), byte(seed), byte(nonce >> 8), byte(nonce)}, Time: t.Time + nonce%60, Nonce: nonce}
		if hash, err := w.check(tag, target, &r); err == nil && hash.Meets(target) {
			records = append(records, r)
		}
	}
	return records
}

func (w *world) check(tag receipt.B16, target miner.Target, r *receipt.Record) (miner.Hash, error) {
	t := w.jobs[r.Job]
	issue := t.Issue(lease.Tag(tag), target, r.Extranonce[:t.Extranonce1Size])
	_, hash, err := issue.Check(work.Share{Extranonce2: r.Extranonce[t.Extranonce1Size:], Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits, HasVersion: true})
	return hash, err
}

// appendBatch seals receipts.
func (w *world) appendBatch(fromMs, toMs int64, records []receipt.Record) {
	b := w.seal(fromMs, toMs, int64(len(w.batches)), records)
	b.leaf = w.append(must(translog.NewEntry(translog.KindBatch, &b.doc, nil, translog.Salt{})), true)
	w.batches = append(w.batches, b)
}

// seal sorts receipts, whatever they are worth.
func (w *world) seal(fromMs, toMs, number int64, records []receipt.Record) testBatch {
	var b testBatch
	type one struct {
		hash miner.Hash
		text []byte
	}
	var all []one
	for i := range records {
		hash, _ := w.check(w.s.Tag, w.target(), &records[i])
		all = append(all, one{hash, records[i].Append(nil)})
	}
	slices.SortStableFunc(all, func(a, b one) int { return a.hash.Cmp(b.hash) })
	var leaves []tlog.Hash
	for _, o := range all {
		b.hashes, b.records, leaves = append(b.hashes, o.hash), append(b.records, o.text), append(leaves, tlog.RecordHash(o.text))
	}
	b.tree = multiproof.NewTree(leaves)
	var ev lease.Evidence
	ev.AddN(w.target().Work(), uint64(len(records)))
	b.doc = leaf.Batch{
		Lease: testLease, Number: number, FromMs: fromMs, ToMs: toMs, N: int64(len(records)),
		Sum: lease.Quantity(ev.Sum), SumSq: ev.SumSq.String(), Root: receipt.B32(b.tree.Root()),
	}
	return b
}

// tips are those that jobs are built on: of before the period, of within it, and
// one that left the chain.
func (w *world) tips() []miner.Hash {
	return []miner.Hash{w.chain[12].Hash(), w.chain[13].Hash(), w.forks[0].Hash()}
}

// redo makes the leaf of a batch anew, after its document was changed.
func (w *world) redo(i int) {
	b := &w.batches[i]
	w.log[b.leaf] = must(translog.NewEntry(translog.KindBatch, &b.doc, nil, translog.Salt{}))
}

// figures puts the sums of the batches into the statement.
func (w *world) figures() {
	d := &w.s.Delivery
	var ev lease.Evidence
	for i := range w.batches {
		ev.AddN(w.batches[i].doc.Sum.Work(), 1)
		d.Receipts += w.batches[i].doc.N
	}
	d.ProvenWork, d.Batches = lease.Quantity(ev.Sum), int64(len(w.batches))
	d.CountedHashes = d.ProvenWork
	if len(w.batches) > 0 {
		d.FirstBatch, d.FirstLeaf, d.LastLeaf = w.batches[0].doc.Number, w.batches[0].leaf, w.batches[len(w.batches)-1].leaf
	}
}

// bundle signs, logs and proves everything.
func (w *world) bundle() *Bundle {
	w.figures()
	return w.prove(w.issue())
}

// issue signs the statement and adds its leaf.
func (w *world) issue() []byte {
	signed := must(w.s.Sign(w.signer()))
	w.append(must(translog.NewEntry(translog.KindStatement, &leaf.Statement{
		Lease: testLease, FromMs: w.s.Period.FromMs, ToMs: w.s.Period.ToMs, Number: w.s.Number, Hash: StatementHash(signed),
	}, nil, translog.Salt{})), true)
	return signed
}

func (w *world) signer() note.Signer {
	return must(translog.NewSigner(testOrigin, key(w.signers[len(w.signers)-1])))
}

// tree is that of the log's first n leaves.
func (w *world) tree(n int) *multiproof.Tree {
	hashes := make([]tlog.Hash, n)
	for i := range hashes {
		hashes[i] = tlog.RecordHash(w.log[i].Body)
	}
	return multiproof.NewTree(hashes)
}

// checkpoint signs for the first n leaves.
func (w *world) checkpoint(n int) []byte {
	signers := []note.Signer{w.signer()}
	for _, name := range w.witnesses {
		signers = append(signers, must(translog.NewCosigner(name, key(name), func() time.Time { return time.Unix(testToMs/1000, 0) })))
	}
	c := translog.Checkpoint{Origin: testOrigin, Tree: tlog.Tree{N: int64(n), Hash: w.tree(n).Root()}}
	return must(c.Sign(signers...)).Note
}

// prove makes the bundle of a signed statement.
func (w *world) prove(signed []byte) *Bundle {
	tree := w.tree(len(w.log))
	derived := w.s.Derive()
	b := &Bundle{Note: signed, Checkpoint: w.checkpoint(len(w.log)), Rotations: w.rotations, Derived: must(derived.Encode()), HeadersFrom: 100, Headers: w.chain, Forks: w.forks}
	var wanted []int64
	for i := range w.log {
		if index := int64(i); w.in[index] {
			l := Leaf{Index: index, Body: w.log[i].Body}
			if w.open[index] {
				l.Opening = w.log[i].Secret
			}
			b.Leaves, wanted = append(b.Leaves, l), append(wanted, index)
			if m := w.maps[index]; m != nil {
				b.Tags = append(b.Tags, tagsOf(&w.leases[1], index, m)...)
			}
		}
	}
	b.LogProof = must(tree.Prove(wanted))
	for _, n := range w.from {
		b.Growth = append(b.Growth, Growth{n, must(tlog.ProveTree(int64(len(w.log)), n, tree))})
	}
	for i := range w.batches {
		x := &w.batches[i]
		if !w.in[x.leaf] {
			continue
		}
		out, kept := Batch{}, len(x.records)
		if x.thinned {
			_, kept = receipt.Thin(x.hashes, w.target())
			out.Proof = must(x.tree.Prove(multiproof.First(kept)))
		}
		for _, r := range x.records[:kept] {
			if err := out.Append(r); err != nil {
				w.tb.Fatal(err)
			}
		}
		b.Batches = append(b.Batches, out)
	}
	return b
}
