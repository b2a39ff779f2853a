package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// StratumProcess is a process that runs ServeStratum. It ends when its input
// does.
type StratumProcess struct {
	In   io.WriteCloser
	Out  io.Reader
	Wait func() error // after In was closed and Out has ended
}

// stratumOrder is a line that the server's process is sent; it answers each
// with a stratumReport.
type stratumOrder struct {
	Do       string `json:"do"`                 // one of the orders below
	Folder   string `json:"folder,omitempty"`   // start: where shares are stored; "": nowhere
	Tip      uint64 `json:"tip,omitempty"`      // publish: number of the previous block
	Branches int    `json:"branches,omitempty"` // publish: merkle branches of the job
	Threads  int    `json:"threads,omitempty"`  // hash: so many, 0 to stop
}

// What a stratumOrder can be.
const (
	orderStart   = "start"
	orderPublish = "publish"
	orderUsage   = "usage"   // nothing but a report
	orderCollect = "collect" // gives garbage back to the system
	orderStore   = "store"   // waits until all shares are stored
	orderHash    = "hash"
)

// stratumReport is how the server's process is at a moment.
type stratumReport struct {
	Error       string `json:"error,omitempty"` // why the order failed
	Address     string `json:"address,omitempty"`
	WallNs      int64  `json:"wall_ns"` // since the process began to serve
	CPUNs       int64  `json:"cpu_ns"`
	RSS         int64  `json:"rss"` // bytes; 0: not known
	Connections int    `json:"connections"`
	Accepted    uint64 `json:"accepted"`
	Stored      uint64 `json:"stored"`
	FalseStale  uint64 `json:"false_stale"`
	Hashes      uint64 `json:"hashes"`
	BusyNs      int64  `json:"busy_ns"` // of hashing threads
	Kernel      string `json:"kernel,omitempty"`
}

// stratumLink gives a server's process orders.
type stratumLink struct {
	proc    *StratumProcess
	in      *json.Encoder
	out     *json.Decoder
	address string
	tip     uint64
}

// serve starts a server of our own for an experiment.
func (b *stratumBench) serve(ctx context.Context, folder string) (*stratumLink, error) {
	proc, err := b.cfg.Start(ctx)
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	l := &stratumLink{proc: proc, in: json.NewEncoder(proc.In), out: json.NewDecoder(proc.Out)}
	r, err := l.do(stratumOrder{Do: orderStart, Folder: folder})
	if err == nil {
		l.address = r.Address
		err = l.publish(true, jobBranch)
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// do gives an order and waits until it is carried out.
func (l *stratumLink) do(o stratumOrder) (r stratumReport, err error) {
	if err := l.in.Encode(&o); err != nil {
		return r, fmt.Errorf("the server's process: %w", err)
	}
	if err := l.out.Decode(&r); err != nil {
		return r, fmt.Errorf("the server's process ended at the order %q: %w", o.Do, err)
	}
	if r.Error != "" {
		return r, fmt.Errorf("the server's process: %s: %s", o.Do, r.Error)
	}
	return r, nil
}

// publish makes a job the newest one.
func (l *stratumLink) publish(newBlock bool, branches int) error {
	if newBlock {
		l.tip++
	}
	_, err := l.do(stratumOrder{Do: orderPublish, Tip: l.tip, Branches: branches})
	return err
}

func (l *stratumLink) usage() (stratumReport, error) { return l.do(stratumOrder{Do: orderUsage}) }

// spent returns the processor time that the server has taken since.
func (l *stratumLink) spent(since stratumReport) (time.Duration, error) {
	r, err := l.usage()
	return time.Duration(r.CPUNs - since.CPUNs), err
}

// close ends the process.
func (l *stratumLink) close() error {
	err := l.proc.In.Close()
	_, _ = io.Copy(io.Discard, l.proc.Out)
	return errors.Join(err, l.proc.Wait())
}
