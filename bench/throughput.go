package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// warmUp is how long threads run before they are measured: clocks rise, pages
// come in, each thread finds its call size.
const warmUp = 20 * time.Millisecond

// patience is how long a busy machine may keep all threads from a measurement
// that was meant to be shorter.
const patience = 5 * time.Second

// Throughput runs an engine with that many threads for d and returns the
// headers a second of all of them together, by the wall clock. Nil is the
// fastest kernel, 0 threads are one for each processor. It fails if the
// kernel does not pass its self-test or ctx ends.
func Throughput(ctx context.Context, k *miner.Kernel, threads int, d time.Duration) (hps uint64, err error) {
	engine, err := miner.NewEngine(miner.EngineConfig{Kernel: k, Threads: threads, Feeder: newTreadmill(), Pin: true})
	if err != nil {
		return 0, err
	}
	engine.Start()
	defer engine.Stop()
	if err := pause(ctx, warmUp); err != nil {
		return 0, err
	}
	before, start := engine.Hashes(), time.Now()
	for {
		if err := pause(ctx, d); err != nil {
			return 0, err
		}
		hashes, took := engine.Hashes()-before, time.Since(start)
		switch {
		case hashes > 0:
			return uint64(float64(hashes) / took.Seconds()), nil
		case took > patience:
			return 0, fmt.Errorf("no thread hashed anything in %v: the machine is too busy to measure", took)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// treadmill is a miner.Feeder whose work never ends and never succeeds. Its
// versions are rolled like those of real jobs.
type treadmill struct{ versions []uint32 }

func newTreadmill() treadmill {
	return treadmill{stratum.RolledVersions(0x20000000, stratum.VersionMask, rolled)}
}

// rolled is the number of versions of a task, that of stratum.Space.
const rolled = 256

// Next gives out a header with no chance: its target is zero.
func (t treadmill) Next(thread int, most uint64) (miner.Task, bool) {
	return miner.Task{
		Versions: t.versions,
		Nonce:    uint32(thread) << 20,
		Count:    min(max(1, most/rolled), 1<<20),
	}, true
}

func (treadmill) Found(int, *miner.Task, miner.Header) {}

func (treadmill) Done(int, *miner.Task, uint64) {}
