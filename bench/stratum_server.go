package bench

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/transport"
)

// benchDifficulty is that of all shares: every fourth hash is one.
const benchDifficulty = "0.000000000931322574615478515625" // 2^-30

// Sizes of a job: a coinbase of 250 bytes with both extranonces.
const (
	coinb1Bytes = 120
	coinb2Bytes = 124
	jobBits     = 0x17034219
)

// stratumHost is a Stratum server that is measured, in a process of its own.
type stratumHost struct {
	began  time.Time
	server *stratum.Server
	port   *transport.Listener
	lane   *stratum.Lane
	desk   *benchDesk
	engine *miner.Engine
	jobs   uint64
	ended  chan error // of the port
}

// ServeStratum runs a Stratum server on the loopback, for a process that
// measures it and gives it orders: one JSON object a line. It ends when in
// does, or with ctx.
func ServeStratum(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// As a node has it, whether it hashes or not.
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), miner.GoMaxProcs(runtime.NumCPU())))
	h := &stratumHost{began: time.Now(), ended: make(chan error, 1)}
	orders, reports := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var o stratumOrder
		err := orders.Decode(&o)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return h.close(ctx)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("orders of bench stratum: %w", err), h.close(ctx))
		}
		err = h.carryOut(ctx, &o)
		if err := reports.Encode(h.report(err)); err != nil {
			return errors.Join(err, h.close(ctx))
		}
	}
}

// carryOut does what it is told.
func (h *stratumHost) carryOut(ctx context.Context, o *stratumOrder) error {
	if o.Do == orderStart && h.server == nil {
		return h.start(ctx, o.Folder)
	}
	if h.server == nil {
		return fmt.Errorf("order %q: the first one is to start, once", o.Do)
	}
	switch o.Do {
	case orderPublish:
		return h.publish(ctx, o)
	case orderUsage:
		return nil
	case orderCollect:
		debug.FreeOSMemory()
		return nil
	case orderStore:
		return h.desk.settle(ctx)
	case orderHash:
		return h.hash(o.Threads)
	}
	return fmt.Errorf("unknown order %q", o.Do)
}

// start opens the port. The limits are a server's usual ones, but for those
// that keep a single machine from doing what is to be measured.
func (h *stratumHost) start(ctx context.Context, folder string) error {
	d, err := miner.ParseDifficulty(benchDifficulty)
	if err != nil {
		return err
	}
	if h.desk, err = newBenchDesk(ctx, folder, d.WorkerTarget()); err != nil {
		return err
	}
	h.server, err = stratum.NewServer(stratum.ServerConfig{
		Desk:    h.desk,
		Vardiff: stratum.Vardiff{Start: &d, Min: &d, Max: &d},
		Limits: stratum.Limits{
			Connections: 1 << 16, PerAddress: 1 << 16,
			MessageRate: 10_000_000, MessageBurst: 10_000_000, FairRate: 10_000_000,
		},
	})
	if err != nil {
		return err
	}
	h.lane = h.server.NewLane("bench")
	h.desk.lane = h.lane
	h.port, err = transport.Listen(ctx, transport.ListenConfig{Addr: "127.0.0.1:0", Admit: h.server.Admit})
	if err != nil {
		return err
	}
	go func() {
		h.ended <- h.port.Serve(ctx, func(ctx context.Context, c net.Conn) { h.server.Serve(ctx, c) })
	}()
	return nil
}

// publish hands out a job.
func (h *stratumHost) publish(ctx context.Context, o *stratumOrder) error {
	if o.Branches < 0 || o.Branches > stratum.MaxBranches {
		return fmt.Errorf("%d branches: want 0 to %d", o.Branches, stratum.MaxBranches)
	}
	h.jobs++
	now := uint32(time.Now().Unix())
	j := stratum.Job{
		Coinb1: make([]byte, coinb1Bytes), Coinb2: make([]byte, coinb2Bytes), Branches: make([]miner.Hash, o.Branches),
		PrevHash: tipHash(o.Tip), Version: jobVersion, Bits: jobBits, Time: now, Clean: true,
	}
	binary.LittleEndian.PutUint64(j.Coinb1[50:], h.jobs)
	owner, err := h.desk.open(ctx, o.Tip)
	if err != nil {
		return err
	}
	h.lane.Publish(stratum.LaneJob{Job: j, Owner: owner, Mask: stratum.VersionMask, MinTime: now, MaxTime: now + 7200})
	return nil
}

// tipHash is the previous block of a number, and tipOf the number of it.
func tipHash(tip uint64) (h miner.Hash) {
	binary.LittleEndian.PutUint64(h[:], tip)
	h[16] = 1
	return h
}

func tipOf(h miner.Hash) uint64 { return binary.LittleEndian.Uint64(h[:]) }

// hash starts and stops an engine as a node has it.
func (h *stratumHost) hash(threads int) (err error) {
	if h.engine != nil {
		h.engine.Stop()
		h.engine = nil
	}
	if threads == 0 {
		return nil
	}
	h.engine, err = miner.NewEngine(miner.EngineConfig{
		Threads: threads, Feeder: newJobSource(threads, rolled), Pin: true, Idle: true,
	})
	if err == nil {
		h.engine.Start()
	}
	return err
}

// report tells how the process is after an order.
func (h *stratumHost) report(failed error) *stratumReport {
	r := &stratumReport{WallNs: int64(time.Since(h.began)), CPUNs: int64(processTime()), RSS: residentBytes()}
	if failed != nil {
		r.Error = failed.Error()
	}
	if h.port != nil {
		st := h.server.Stats()
		r.Address, r.Connections, r.Accepted = h.port.Addr().String(), st.Connections, st.Accepted
		r.Stored, r.FalseStale = h.desk.stored.Load(), h.desk.falseStale.Load()
	}
	if h.engine != nil {
		r.Hashes, r.BusyNs, r.Kernel = h.engine.Hashes(), int64(h.engine.Busy()), h.engine.Kernel().Name
	}
	return r
}

// close ends everything that start began.
func (h *stratumHost) close(ctx context.Context) (err error) {
	if h.engine != nil {
		h.engine.Stop()
	}
	if h.server != nil {
		h.server.Close()
	}
	if h.port != nil {
		h.port.Close()
		err = <-h.ended
	}
	if h.desk != nil {
		err = errors.Join(err, h.desk.close(ctx))
	}
	return err
}
