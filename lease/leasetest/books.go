package leasetest

import (
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// addBlock stores a candidate of a new job.
func (s *suite) addBlock(hash byte, foundMs int64) lease.Block {
	s.Helper()
	job := s.addJobs(miner.Hash{hash}, 2, "L-0001")[0]
	b := lease.Block{
		Hash: miner.Hash{31: hash}, Height: 9, Template: job.Template, Job: job.Seq, Lease: job.Lease, Extranonce: []byte{1, 2, 3, 4, 5, 6},
		Time: 1<<32 - 1, Nonce: 1<<32 - 2, VersionBits: 0x1fffe000, Raw: []byte("a whole block"), FoundMs: foundMs,
	}
	s.ok(s.store.PutBlock(s.ctx, b))
	b.State = lease.Candidate
	return b
}

func (s *suite) blocks() {
	same(s, "no blocks", len(must(s.store.Blocks(s.ctx))(s)), 0)
	b, a := s.addBlock(2, 2000), s.addBlock(1, 1000)
	same(s, "block", must(s.store.Block(s.ctx, a.Hash))(s), a)
	_, err := s.store.Block(s.ctx, miner.Hash{})
	s.is(err, lease.ErrNotFound)

	s.ok(s.store.MoveBlock(s.ctx, a.Hash, lease.Candidate, lease.Rejected, "high-hash"))
	a.State, a.Reason = lease.Rejected, "high-hash"
	again := a
	again.State, again.Height, again.Raw = lease.Candidate, 5, nil
	s.ok(s.store.PutBlock(s.ctx, again)) // changes nothing
	same(s, "block put again", must(s.store.Block(s.ctx, a.Hash))(s), a)

	a.Raw, b.Raw = nil, nil
	same(s, "all", must(s.store.Blocks(s.ctx))(s), []lease.Block{a, b})
	same(s, "candidates", must(s.store.Blocks(s.ctx, lease.Candidate))(s), []lease.Block{b})
	same(s, "two states", must(s.store.Blocks(s.ctx, lease.Candidate, lease.Rejected))(s), []lease.Block{a, b})
	same(s, "mature", len(must(s.store.Blocks(s.ctx, lease.Mature))(s)), 0)
	same(s, "open from a height on", must(s.store.OpenBlocks(s.ctx, a.Height))(s), []lease.Block{a, b})
	same(s, "open above the height", must(s.store.OpenBlocks(s.ctx, a.Height+1))(s), []lease.Block{b})
	same(s, "counts", must(s.store.CountBlocks(s.ctx))(s), map[lease.BlockState]int{lease.Candidate: 1, lease.Rejected: 1})

	stray := b
	stray.Hash, stray.Job = miner.Hash{7}, b.Job+100
	s.is(s.store.PutBlock(s.ctx, stray), lease.ErrNotFound)
	stray.Job, stray.Lease = b.Job, "L-0099"
	s.fails("a block of another lease's job", s.store.PutBlock(s.ctx, stray))
}

// entry makes a transaction of two postings.
func entry(key, debit, credit string, sat int64) lease.Transaction {
	return lease.Transaction{Key: key, Kind: "test", AtMs: 5, Ref: "ref of " + key, Postings: []lease.Posting{
		{Account: debit, Sat: sat}, {Account: credit, Lease: "L-0001", Sat: -sat},
	}}
}

func (s *suite) moveBlock() {
	b := s.addBlock(1, 1000)
	move := func(from, to lease.BlockState, txs ...lease.Transaction) error {
		return s.store.MoveBlock(s.ctx, b.Hash, from, to, "because", txs...)
	}
	expect := func(state lease.BlockState, appearances int) {
		s.Helper()
		got := must(s.store.Block(s.ctx, b.Hash))(s)
		if got.State != state || got.Appearances != appearances || got.Reason != "because" && appearances > 0 {
			s.Errorf("block is %s with %d appearances (%s), want %s with %d", got.State, got.Appearances, got.Reason, state, appearances)
		}
	}
	s.is(move(lease.Adopted, lease.Mature), lease.ErrConflict)
	s.is(s.store.MoveBlock(s.ctx, miner.Hash{9}, lease.Candidate, lease.Adopted, ""), lease.ErrNotFound)
	// Nothing of a move whose transaction fails.
	wrong := entry("found 1", "assets:a", "liab:acme:pending", 10)
	wrong.Postings[0].Sat++
	s.is(move(lease.Candidate, lease.Adopted, entry("fee", "assets:a", "revenue:b", 1), wrong), lease.ErrUnbalanced)
	expect(lease.Candidate, 0)
	same(s, "balances", len(must(s.store.Balances(s.ctx))(s)), 0)

	s.ok(move(lease.Candidate, lease.Adopted, entry("found 1", "assets:a", "liab:acme:pending", 10)))
	expect(lease.Adopted, 1)
	s.is(move(lease.Candidate, lease.Adopted), lease.ErrConflict)
	s.is(move(lease.Adopted, lease.Mature, entry("found 1", "assets:a", "assets:b", 1)), lease.ErrDuplicate)
	expect(lease.Adopted, 1)
	s.ok(move(lease.Adopted, lease.Mature))
	expect(lease.Mature, 1)
	s.ok(move(lease.Mature, lease.Orphaned, entry("loss", "expense:x", "liab:acme:pending", 5), entry("orphaned 1", "liab:acme:pending", "assets:a", 10)))
	expect(lease.Orphaned, 1)
	s.ok(move(lease.Orphaned, lease.Adopted))
	expect(lease.Adopted, 2)
	same(s, "transactions", len(all(s, s.store.Transactions(s.ctx))), 3)
}

func (s *suite) post() {
	same(s, "no transactions", len(all(s, s.store.Transactions(s.ctx))), 0)
	_, err := s.store.Transaction(s.ctx, "one")
	s.is(err, lease.ErrNotFound)
	txs := []lease.Transaction{
		entry("one", "assets:wallet", "liab:acme:prepaid", 100),
		{Key: "two", Kind: "nothing", AtMs: -1},
		entry("three", "liab:acme:prepaid", "revenue:lease", 30),
		entry("four", "liab:acme:available", "assets:wallet", -1),
	}
	txs[2].Postings[0].Lease = "L-0001"
	var last int64
	for i := range txs {
		s.ok(s.store.Post(s.ctx, txs[i]))
		got := must(s.store.Transaction(s.ctx, txs[i].Key))(s)
		if got.Seq <= last {
			s.Errorf("Seq %d after %d", got.Seq, last)
		}
		last, txs[i].Seq = got.Seq, got.Seq
		same(s, "transaction", got, txs[i])
	}
	same(s, "transactions", all(s, s.store.Transactions(s.ctx)), txs)
	same(s, "balances", must(s.store.Balances(s.ctx))(s), []lease.Balance{
		{Account: "assets:wallet", Sat: 100},
		{Account: "assets:wallet", Lease: "L-0001", Sat: 1},
		{Account: "liab:acme:available", Sat: -1},
		{Account: "liab:acme:prepaid", Lease: "L-0001", Sat: -70},
		{Account: "revenue:lease", Lease: "L-0001", Sat: -30},
	})
	for tx, err := range s.store.Transactions(s.ctx) { // breaking off
		s.ok(err)
		same(s, "first", tx.Key, "one")
		break
	}
}

func (s *suite) postErrors() {
	good := entry("one", "assets:wallet", "liab:acme:prepaid", 100)
	s.ok(s.store.Post(s.ctx, good))
	s.is(s.store.Post(s.ctx, good), lease.ErrDuplicate)
	other := entry("one", "assets:wallet", "revenue:lease", 1)
	s.is(s.store.Post(s.ctx, other), lease.ErrDuplicate)
	uneven := entry("two", "assets:wallet", "liab:acme:prepaid", 100)
	uneven.Postings = uneven.Postings[:1]
	s.is(s.store.Post(s.ctx, uneven), lease.ErrUnbalanced)
	s.fails("no key", s.store.Post(s.ctx, entry("", "assets:wallet", "revenue:lease", 1)))
	s.fails("no account", s.store.Post(s.ctx, entry("two", "", "revenue:lease", 1)))
	s.fails("more than there is", s.store.Post(s.ctx, entry("two", "assets:wallet", "revenue:lease", lease.MaxSat+1)))
	same(s, "transactions", len(all(s, s.store.Transactions(s.ctx))), 1)
	same(s, "balances", len(must(s.store.Balances(s.ctx))(s)), 2)
}

func (s *suite) postAll() {
	in := entry("in", "assets:wallet", "liab:acme:available", 100)
	out := entry("out", "liab:acme:available", "assets:wallet", 100)
	happened := lease.Event{Key: "corrected", AtMs: 5, Kind: lease.EventCorrected, Body: []byte("{}")}
	books := func(transactions, events int) {
		s.Helper()
		same(s, "transactions", len(all(s, s.store.Transactions(s.ctx))), transactions)
		same(s, "events", len(all(s, s.store.Events(s.ctx, lease.EventFilter{}))), events)
	}
	// In their order: what is taken must be there.
	s.is(s.store.PostAll(s.ctx, []lease.Transaction{out, in}, happened), lease.ErrOverdrawn)
	s.is(s.store.PostAll(s.ctx, []lease.Transaction{in, in}, happened), lease.ErrDuplicate)
	uneven := entry("uneven", "assets:wallet", "liab:acme:available", 1)
	uneven.Postings = uneven.Postings[1:]
	s.is(s.store.PostAll(s.ctx, []lease.Transaction{in, uneven}, happened), lease.ErrUnbalanced)
	books(0, 0)
	s.ok(s.store.PostAll(s.ctx, []lease.Transaction{in, out}, happened))
	books(2, 1)
	s.is(s.store.PostAll(s.ctx, []lease.Transaction{entry("more", "assets:wallet", "revenue:lease", 1), in}), lease.ErrDuplicate)
	s.ok(s.store.PostAll(s.ctx, nil))
	books(2, 1)
	same(s, "first", all(s, s.store.Transactions(s.ctx))[0].Key, "in")
}

func (s *suite) overdrawn() {
	for _, sub := range []string{"prepaid", "available", "inflight", "pending"} {
		account := "liab:acme:" + sub
		post := func(key, account, id string, sat int64) error {
			t := entry(sub+" "+key, account, "assets:wallet", sat)
			t.Postings[0].Lease = id
			return s.store.Post(s.ctx, t)
		}
		s.ok(s.store.Post(s.ctx, entry(sub+" in", "assets:wallet", account, 100)))
		s.is(post("too much", account, "L-0001", 101), lease.ErrOverdrawn)
		s.is(post("somebody else's", "liab:bob:"+sub, "L-0001", 1), lease.ErrOverdrawn)
		s.ok(post("some", account, "L-0001", 60))
		s.is(post("again", account, "L-0001", 41), lease.ErrOverdrawn)
		// What is prepaid is one lease's, all else is the tenant's.
		if err := post("another lease's", account, "L-0002", 1); sub == "prepaid" {
			s.is(err, lease.ErrOverdrawn)
			s.is(post("no lease's", account, "", 1), lease.ErrOverdrawn)
			s.ok(post("one", account, "L-0001", 1))
		} else {
			s.ok(err)
		}
		s.ok(post("rest", account, "L-0001", 39))
	}
	s.ok(s.store.Post(s.ctx, entry("others may", "assets:x", "assets:y", 1_000_000)))
	same(s, "transactions", len(all(s, s.store.Transactions(s.ctx))), 4*4+1)
	// Only the sum within a transaction counts, not the order of its lines.
	both := lease.Transaction{Key: "both", Kind: "test", Postings: []lease.Posting{
		{Account: "liab:acme:pending", Sat: 5}, {Account: "liab:acme:pending", Lease: "L-0002", Sat: -5},
	}}
	s.ok(s.store.Post(s.ctx, both))
	moved := lease.Transaction{Key: "moved", Kind: "test", Postings: []lease.Posting{
		{Account: "liab:acme:prepaid", Lease: "L-0003", Sat: 5}, {Account: "liab:acme:prepaid", Lease: "L-0003", Sat: -5},
	}}
	s.ok(s.store.Post(s.ctx, moved))
}
