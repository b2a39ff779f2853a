package dispatch_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
	"github.com/hashlease/hashlease/stratum/transport"
)

// hardCoin is a target of which no test finds a block.
const hardCoin = miner.Bits(0x1b00ffff)

// rigShare is the difficulty of rigs in tests, 2^-20: 4096 hashes.
const rigShare = "0.00000095367431640625"

func difficulty(t testing.TB, text string) *miner.Difficulty {
	t.Helper()
	d, err := miner.ParseDifficulty(text)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// rigToken is what all rigs of tests log in with.
const rigToken = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// addRig adds a machine of a tenant, or of the provider.
func (p *plant) addRig(t testing.TB, name, tenant string, ratedHps uint64) {
	t.Helper()
	token, err := lease.NewTokenHash([16]byte{1}, rigToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.store.AddRig(t.Context(), lease.Rig{Name: name, Tenant: tenant, Token: token, CreatedMs: 1, RatedHps: ratedHps}); err != nil {
		t.Fatal(err)
	}
}

// farm is a node that runs, with a port for rigs.
type farm struct {
	*dispatch.Dispatcher
	t    testing.TB
	p    *plant
	ctx  context.Context
	addr string
	port *transport.Listener
	stop func()
}

// farm starts a node. Its threads do hardly anything.
func (p *plant) farm(t testing.TB, change func(*dispatch.Config)) *farm {
	t.Helper()
	start := difficulty(t, rigShare)
	slow, err := miner.KernelByName("stdlib")
	if err != nil {
		t.Fatal(err)
	}
	cfg := dispatch.Config{
		Store: p.store, Node: p.coin, Key: p.key, Terms: p.terms, Kernel: slow, Threads: 1, DutyPercent: 1, HouseProofMs: 200,
		Stratum: &stratum.ServerConfig{Vardiff: stratum.Vardiff{Min: start, Max: start, Start: start}},
	}
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	d, err := dispatch.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	port, err := transport.Listen(ctx, transport.ListenConfig{
		Addr: "127.0.0.1:0", Admit: d.Server().Admit, HandshakeTime: 2 * time.Second, Handshakes: 64,
	})
	if err != nil {
		t.Fatal(err)
	}
	f := &farm{Dispatcher: d, t: t, p: p, ctx: ctx, addr: port.Addr().String(), port: port}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := port.Serve(ctx, d.Server().Serve); err != nil {
			t.Error(err)
		}
	})
	ended := make(chan error, 1)
	running, halt := context.WithCancel(ctx)
	go func() { ended <- d.Run(running) }()
	f.stop = sync.OnceFunc(func() {
		halt()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		cancel()
		serving.Wait()
		if err := ledger.Check(context.WithoutCancel(t.Context()), p.store); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(f.stop)
	return f
}

// until waits for a condition.
func (f *farm) until(what string, cond func() bool) {
	f.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-f.ctx.Done():
			f.t.Fatalf("waited in vain until %s: %+v", what, f.Snapshot())
		case <-tick.C:
		}
	}
}

// rig is a device at work, and what it remembers.
type rig struct {
	*stratumtest.Client
	name string

	mu    sync.Mutex
	mined []mined
}

// mined is a share as its rig knows it.
type mined struct {
	hash miner.Hash
	job  *stratum.Job
	id   string
	at   stratum.Share
	err  error // the refusal
	took time.Duration
}

func device(name string) stratumtest.Device {
	all := stratumtest.Devices()
	return all[slices.IndexFunc(all, func(d stratumtest.Device) bool { return d.Name == name })]
}

// connect lets a device log in.
func (f *farm) connect(d stratumtest.Device, name string) (*rig, error) {
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		return nil, err
	}
	c, err := d.Connect(conn, name, rigToken)
	if err != nil {
		conn.Close()
		return nil, err
	}
	f.t.Cleanup(c.Close)
	r := &rig{Client: c, name: name}
	for c.Job == nil {
		if err := c.Notified(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (f *farm) mustConnect(d stratumtest.Device, name string) *rig {
	f.t.Helper()
	r, err := f.connect(d, name)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// one finds and submits one share. The error is of the connection.
func (r *rig) one() error {
	job := *r.Job
	share, ok := r.Find()
	if !ok {
		return errors.New("no share within 2^24 hashes")
	}
	m := mined{hash: r.hash(&job, share), job: &job, id: job.ID, at: share}
	begin := time.Now()
	m.err = r.Submit(job.ID, share)
	m.took = time.Since(begin)
	var refused *stratum.Error
	if m.err != nil && !errors.As(m.err, &refused) {
		return m.err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mined = append(r.mined, m)
	return nil
}

// hash is that of a share's header.
func (r *rig) hash(job *stratum.Job, s stratum.Share) miner.Hash {
	i := stratum.Issue{
		Job: *job, Extranonce1: r.Subscription.Extranonce1, Extranonce2Size: r.Subscription.Extranonce2Size,
		Mask: stratum.VersionMask, MaxTime: 1<<32 - 1,
	}
	h, err := i.Rebuild(s)
	if err != nil {
		panic(fmt.Sprintf("a share of no header: %v", err))
	}
	return h.Hash()
}

// shares returns what it mined so far.
func (r *rig) shares() []mined {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mined)
}

// work lets rigs mine until the function that it returns is called.
func (f *farm) work(rigs ...*rig) (rest func()) {
	var working sync.WaitGroup
	ctx, cancel := context.WithCancel(f.ctx)
	for _, r := range rigs {
		working.Go(func() {
			for ctx.Err() == nil {
				if err := r.one(); err != nil {
					if ctx.Err() == nil {
						f.t.Errorf("%s: %v", r.name, err)
					}
					return
				}
			}
		})
	}
	rest = sync.OnceFunc(func() {
		cancel()
		working.Wait()
	})
	f.t.Cleanup(rest)
	return rest
}

// proof is a receipt and the header it proves.
type proof struct {
	lease.Receipt
	job  lease.Job
	hash miner.Hash
}

// proofs re-hashes all receipts of a source.
func (p *plant) proofs(t testing.TB, source string) (all []proof) {
	t.Helper()
	ctx := t.Context()
	for r, err := range p.store.ReceiptsBack(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Source != source {
			continue
		}
		job, err := p.store.Job(ctx, r.Job)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := p.store.Template(ctx, job.Template)
		if err != nil {
			t.Fatal(err)
		}
		d, err := receipt.DecodeTemplate(stored.Body)
		if err != nil {
			t.Fatal(err)
		}
		n := d.Extranonce1Size
		_, hash, err := d.Issue(job.Tag, job.Target, r.Extranonce[:n]).Check(stratum.Share{
			Extranonce2: r.Extranonce[n:], Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits, HasVersion: true,
		})
		if err != nil {
			t.Fatalf("receipt %d: %v", r.Seq, err)
		}
		all = append(all, proof{r, job, hash})
	}
	return all
}

// house are the pseudo-leases of the provider's own work, one for each size of
// receipt.
func (p *plant) house() (all []lease.Lease) {
	pub := p.key.Public().(ed25519.PublicKey)
	for size := range byte(16) {
		all = append(all, lease.Lease{ID: lease.House, Tag: lease.NewTag(lease.TagInput{
			Provider: pub, Lease: lease.House, Tenant: pub, Nonce: [16]byte{size}, Terms: p.terms,
		})})
	}
	return all
}

// poolTag is how many bytes of a tag a pool with an extranonce2 of 16 has room for.
const poolTag = 10

// owner finds the lease whose tag is in a job's coinbase, or the part of it that
// a pool has room for.
func owner(t testing.TB, job *stratum.Job, leases []lease.Lease) string {
	t.Helper()
	found := ""
	for i := range leases {
		if bytes.Contains(job.Coinb1, leases[i].Tag[:poolTag]) {
			if found != "" {
				t.Fatalf("job %s has the tags of %s and %s", job.ID, found, leases[i].ID)
			}
			found = leases[i].ID
		}
	}
	if found == "" {
		t.Fatalf("job %s has no lease's tag", job.ID)
	}
	return found
}

// checkCredit compares what rigs know of their accepted shares with the store's
// receipts: each is there that meets the target of its lease's receipts, for
// the lease whose tag its coinbase has, and there is nothing else. It returns
// the number of receipts.
func (f *farm) checkCredit(leases []lease.Lease, rigs ...*rig) (n int) {
	f.t.Helper()
	leases = append(slices.Clone(leases), f.p.house()...)
	targets := make(map[string]miner.Target)
	for _, r := range rigs {
		for _, s := range f.p.proofs(f.t, r.name) {
			targets[s.Lease] = s.job.Target
		}
	}
	for _, r := range rigs {
		stored := make(map[miner.Hash]proof)
		for _, s := range f.p.proofs(f.t, r.name) {
			if _, twice := stored[s.hash]; twice {
				f.t.Errorf("%s: header %v counts twice", r.name, s.hash)
			}
			stored[s.hash] = s
		}
		for _, m := range r.shares() {
			if m.err != nil {
				continue
			}
			of := owner(f.t, m.job, leases)
			s, ok := stored[m.hash]
			delete(stored, m.hash)
			switch target, known := targets[of]; {
			case ok && s.Lease != of:
				f.t.Errorf("%s: share %v with the tag of %s counts for %s", r.name, m.hash, of, s.Lease)
			case !ok && known && m.hash.Meets(target):
				f.t.Errorf("%s: share %v of %s is lost", r.name, m.hash, of)
			case ok:
				n++
			}
		}
		for hash, s := range stored {
			f.t.Errorf("%s: receipt %d of %s for header %v, which the rig does not know", r.name, s.Seq, s.Lease, hash)
		}
	}
	return n
}
