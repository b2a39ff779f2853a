package receipt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// The world of the tests: one provider, one tenant with lease L-0001, and a
// coin whose blocks every second hash makes.
const (
	testLease  = "L-0001"
	otherLease = "L-0002"
	testReward = 5_000_000_000
	testFromMs = 1_700_000_000_000
	testToMs   = testFromMs + 1000
	easyBits   = 0x207fffff
)

var (
	houseScript = []byte{0x51, 0x20, 1, 2, 3}
	provider    = testKey("provider")
	tenant      = testKey("tenant")
	tenantNonce = B16{7, 7, 7}
)

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// testTerms are of the first format, as are the documents of honest.
func testTerms() lease.Terms {
	return lease.Terms{
		Format: lease.TermsFormat1, Text: "Be fair – <always> & \"ever\".", Coin: "test", HouseScript: hex.EncodeToString(houseScript),
		FeePPM: 20_000, Scheme: lease.SchemeTides, Tides: lease.DefaultTides,
	}
}

func termsHash(t *lease.Terms) lease.TermsHash {
	h, err := t.Hash()
	if err != nil {
		panic(err)
	}
	return h
}

func tagOf(id string, terms lease.TermsHash) lease.Tag {
	return lease.NewTag(lease.TagInput{
		Provider: public(provider), Lease: id, Tenant: public(tenant), Nonce: tenantNonce, Terms: terms,
	})
}

// coinbase is what the tests build jobs from.
type coinbase struct {
	height  []byte // push of the height
	before  []byte // between height and tag push
	tag     lease.Tag
	after   []byte // between tag and the push of the extranonces
	outputs []stratum.Output
}

func (c coinbase) job(bits miner.Bits) *stratum.Job {
	sig := slices.Concat(c.height, c.before, []byte{lease.TagSize}, c.tag[:], c.after, []byte{6})
	mark := []byte("\x04mark")
	b1 := slices.Concat([]byte{1, 0, 0, 0, 1}, make([]byte, 32), []byte{0xff, 0xff, 0xff, 0xff, byte(len(sig) + 6 + len(mark))}, sig)
	b2 := append(slices.Clone(mark), 0xff, 0xff, 0xff, 0xff, byte(len(c.outputs)))
	for _, o := range c.outputs {
		b2 = binary.LittleEndian.AppendUint64(b2, uint64(o.Value))
		b2 = append(append(b2, byte(len(o.Script))), o.Script...)
	}
	return &stratum.Job{
		ID: "1", PrevHash: miner.Hash{1, 2, 3, 31: 9}, Coinb1: b1, Coinb2: append(b2, 0, 0, 0, 0),
		Branches: []miner.Hash{{1}, {2}}, Version: 0x20000000, Bits: bits, Time: testFromMs/1000 + 5,
	}
}

// testInput is an honest template for the height, which must be above 16 and
// below 128.
func testInput(height byte, terms *lease.Terms) TemplateInput {
	tag := tagOf(testLease, termsHash(terms))
	c := coinbase{height: []byte{1, height}, tag: tag, outputs: []stratum.Output{
		{Value: testReward, Script: houseScript}, {Value: 0, Script: []byte{0x6a, 1, 2}},
	}}
	fee := int64(testReward / 1_000_000 * terms.FeePPM)
	return TemplateInput{
		Job: c.job(easyBits), Tag: tag, Height: int64(height), Mask: stratum.VersionMask,
		MinTime: testFromMs/1000 - 60, MaxTime: testFromMs/1000 + 100, Extranonce1Size: 2, Extranonce2Size: 4,
		Terms: termsHash(terms), Reward: testReward, Fee: fee,
		Split: []lease.Part{{Lease: testLease, Sat: 3_000_000_000}, {Lease: otherLease, Sat: 1_000_000_000}, {Lease: lease.House, Sat: testReward - fee - 4_000_000_000}},
	}
}

func testTemplate(tb testing.TB, height byte, terms *lease.Terms) Template {
	tb.Helper()
	t, err := oldTemplate(testInput(height, terms))
	if err != nil {
		tb.Fatal(err)
	}
	return *t
}

// oldTemplate makes a document of the first format, whose coinbase commits to
// nothing.
func oldTemplate(in TemplateInput) (*Template, error) {
	j, at := in.Job, bytes.Index(in.Job.Coinb1, in.Tag[:])
	t := &Template{
		Format: TemplateFormat1, Height: in.Height, Prev: U256(j.PrevHash), Version: U32(j.Version), Mask: U32(in.Mask),
		Bits: U32(j.Bits), Time: j.Time, MinTime: in.MinTime, MaxTime: in.MaxTime,
		Head: j.Coinb1[:at], Tail: j.Coinb1[at+lease.TagSize:], Coinb2: j.Coinb2,
		Branches: make([]B32, len(j.Branches)), Extranonce1Size: in.Extranonce1Size, Extranonce2Size: in.Extranonce2Size,
		Terms: B32(in.Terms), Reward: in.Reward, Fee: in.Fee, Split: in.Split, Carry: in.Carry, Direct: in.Direct, Earns: in.Earns,
	}
	for i, b := range j.Branches {
		t.Branches[i] = B32(b)
	}
	return t, t.Validate()
}

// withRoom makes room for a commitment in the input's coinbase.
func withRoom(in TemplateInput) TemplateInput {
	j := *in.Job
	at := bytes.Index(j.Coinb1, in.Tag[:]) + lease.TagSize
	j.Coinb1 = slices.Concat(j.Coinb1[:at], []byte{32}, make([]byte, 32), j.Coinb1[at:])
	j.Coinb1[41] += 33 // length of the input script
	in.Job = &j
	return in
}

// mine finds n receipts of a job, as a thread with the given extranonce.
func mine(tb testing.TB, b *Bundle, job int, extranonce []byte, n int) {
	tb.Helper()
	j := b.Jobs[job]
	t := &b.Templates[j.Template]
	issue := t.Issue(lease.Tag(j.Tag), miner.Target(j.Target), extranonce[:t.Extranonce1Size])
	for nonce := uint32(0); n > 0; nonce++ {
		bits := nonce % 3 << 13
		s := stratum.Share{Extranonce2: extranonce[t.Extranonce1Size:], Time: t.Time, Nonce: nonce, VersionBits: bits, HasVersion: true}
		if _, _, err := issue.Check(s); err != nil {
			continue
		}
		b.Receipts = append(b.Receipts, Receipt{Job: uint32(job), Extranonce: extranonce, Time: t.Time, Nonce: nonce, VersionBits: bits})
		n--
	}
}

// block makes a block of a template for the reward lines.
func block(tb testing.TB, b *Bundle, template int, tag lease.Tag, state lease.BlockState) {
	tb.Helper()
	t := &b.Templates[template]
	bits, err := miner.Bits(t.Bits).Target()
	if err != nil {
		tb.Fatal(err)
	}
	extranonce := []byte{0, 9, 0, 0, 0, byte(len(b.Blocks))}
	issue := t.Issue(tag, bits, extranonce[:2])
	for nonce := uint32(0); ; nonce++ {
		_, hash, err := issue.Check(stratum.Share{Extranonce2: extranonce[2:], Time: t.Time, Nonce: nonce, HasVersion: true})
		if err != nil {
			continue
		}
		b.Blocks = append(b.Blocks, Block{Template: template, Tag: B16(tag), Extranonce: extranonce, Time: t.Time,
			Nonce: U32(nonce), Hash: U256(hash), Height: t.Height})
		reward := Reward{Block: U256(hash), Height: t.Height, State: state, Sat: t.Share(testLease), Direct: t.DirectShare(testLease), Template: template}
		b.Statement.Rewards = append(b.Statement.Rewards, reward)
		pending, available := reward.Books()
		b.Statement.Balances.Pending += pending
		b.Statement.Balances.Available += available
		return
	}
}

// testWork is the work of the contract's target.
const testWork = 16

// honest makes a bundle with receipts of three jobs and blocks in all states,
// signed.
func honest(tb testing.TB, receipts int) *Bundle {
	tb.Helper()
	terms := testTerms()
	hash := termsHash(&terms)
	tag := tagOf(testLease, hash)
	b := &Bundle{Terms: terms, Templates: []Template{testTemplate(tb, 20, &terms), testTemplate(tb, 21, &terms)}}
	for i := range 3 {
		b.Jobs = append(b.Jobs, Job{Template: i % 2, Lease: testLease, Tag: B16(tag),
			Target: U256(miner.TargetForWork(miner.Hashes(testWork))), CreatedMs: testFromMs + int64(i)})
		mine(tb, b, i, []byte{0, byte(i), 1, 2, 3, 4}, receipts)
	}
	b.Statement = Statement{
		Format: StatementFormat, Lease: testLease, Tenant: "anna", Model: lease.Leased, ContractedHps: hps(100), ProofMs: 1000 * testWork / 100,
		Period: Period{FromMs: testFromMs, ToMs: testToMs, RunningMs: 900}, Tag: B16(tag), Nonce: tenantNonce,
		Rejected: 3, Stale: 1, Verdicts: map[string]uint64{"stale": 1, "low-difficulty": 2, "duplicate": 1},
	}
	copy(b.Statement.TenantKey[:], public(tenant))
	block(tb, b, 0, tag, lease.Mature)
	block(tb, b, 1, tagOf(otherLease, hash), lease.Adopted)
	block(tb, b, 0, tag, lease.Orphaned)
	b.Statement.CountedHashes = lease.Quantity(miner.Hashes(uint64(receipts) * 3 * testWork))
	sign(tb, b)
	return b
}

func sign(tb testing.TB, b *Bundle) {
	tb.Helper()
	if err := b.Sign(provider); err != nil {
		tb.Fatal(err)
	}
}

// seal signs what the statement says, true or not.
func seal(tb testing.TB, b *Bundle) {
	tb.Helper()
	p, err := b.parts()
	if err == nil {
		b.Statement.Evidence = p.evidence()
		err = b.Statement.sign(provider)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func encode(tb testing.TB, b *Bundle) []byte {
	tb.Helper()
	data, err := b.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// failed lists the names of the checks that did not hold.
func failed(r *Report) []string {
	names := []string{}
	for _, c := range r.Checks {
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	return names
}
