package main

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// modelFlags are the flags that say what a lease is of.
type modelFlags struct {
	f     *dataFlags
	model *string
	rigs  list
	cores list
}

func newModelFlags(f *dataFlags) *modelFlags {
	m := &modelFlags{f: f}
	m.model = f.String("model", "", "the contract `MODEL`: leased, hosted or virtual-hosted (default leased, or what --rig or --core is for)")
	f.Var(&m.rigs, "rig", "model hosted: the `NAME` of a rig of the tenant's, which then works for this lease alone; again for more")
	f.Var(&m.cores, "core", "model virtual-hosted: the `NUMBERS` of processors of the node that are then the tenant's alone, such as 2,4-7")
	return m
}

// read fills in what the flags say of a lease. The rate of rigs and processors
// is found later, by contract.
func (m *modelFlags) read(l *lease.Lease, rate string) (err error) {
	l.Model = lease.Model(*m.model)
	switch {
	case *m.model != "":
	case len(m.rigs) > 0:
		l.Model = lease.Hosted
	case len(m.cores) > 0:
		l.Model = lease.VirtualHosted
	default:
		l.Model = lease.Leased
	}
	switch l.Model {
	case lease.Leased:
		if rate == "" {
			return m.f.usage("--rate is missing: how much hash rate?")
		}
	case lease.Hosted:
		if len(m.rigs) == 0 {
			return m.f.usage("--rig is missing: which of the tenant's machines are hosted?")
		}
	case lease.VirtualHosted:
		if len(m.cores) == 0 {
			return m.f.usage("--core is missing: which processors are the tenant's alone?")
		}
	default:
		return m.f.usage("unknown model %.30q: use %s, %s or %s", l.Model, lease.Leased, lease.Hosted, lease.VirtualHosted)
	}
	switch {
	case len(m.rigs) > 0 && l.Model != lease.Hosted:
		return m.f.usage("--rig is for model %s, not %s", lease.Hosted, l.Model)
	case len(m.cores) > 0 && l.Model != lease.VirtualHosted:
		return m.f.usage("--core is for model %s, not %s", lease.VirtualHosted, l.Model)
	case rate != "" && l.Model == lease.Hosted:
		return m.f.usage("--rate is for model %s: of model %s it is what the rigs are rated at", lease.Leased, l.Model)
	case rate != "" && l.Model == lease.VirtualHosted:
		return m.f.usage("--rate is for model %s: of model %s it is what the node measured of its processors", lease.Leased, l.Model)
	}
	if l.Model == lease.Leased {
		l.ContractedHps, err = parseRate(rate)
		return err
	}
	l.ContractedHps = 1 // until it is known
	l.Rigs = slices.Sorted(slices.Values(m.rigs))
	l.Cores, err = parseCores(m.cores)
	return err
}

// parseCores reads numbers and spans of processors, and sorts them.
func parseCores(parts []string) (cores []int, err error) {
	for _, part := range parts {
		first, last, span := strings.Cut(part, "-")
		if !span {
			last = first
		}
		from, err1 := strconv.ParseUint(first, 10, 16)
		to, err2 := strconv.ParseUint(last, 10, 16)
		if err := errors.Join(err1, err2); err != nil || from > to {
			return nil, usage("--core %.20q: want a processor's number, or a span such as 4-7", part)
		}
		if int(to-from) >= lease.MaxLeaseCores {
			return nil, usage("--core %s: want at most %d processors", part, lease.MaxLeaseCores)
		}
		for n := from; n <= to; n++ {
			cores = append(cores, int(n))
		}
	}
	slices.Sort(cores)
	return cores, nil
}

// contract finds the rate of a lease of rigs or processors, and checks that
// they can be let. Whether another lease has them is the Store's question.
func (p *provider) contract(ctx context.Context, cfg *config, l *lease.Lease) error {
	switch l.Model {
	case lease.Hosted:
		return p.contractRigs(ctx, l)
	case lease.VirtualHosted:
		hps, err := p.store.Capacity(ctx)
		if err != nil {
			return err
		}
		if err := contractCores(l, nodeCores(cfg.Node.Threads), hps); err != nil {
			return err
		}
	}
	return p.leaveProcessors(ctx, l, nodeCores(cfg.Node.Threads))
}

// contractRigs sums up what the lease's rigs are rated at.
func (p *provider) contractRigs(ctx context.Context, l *lease.Lease) error {
	terms, err := p.store.Terms(ctx, l.Terms)
	if err != nil {
		return err
	}
	l.ContractedHps = 0
	for _, name := range l.Rigs {
		r, err := p.findRig(ctx, name)
		if err != nil {
			return err
		}
		switch {
		case r.State() == lease.RigRemoved:
			return usage("rig %s was removed at %s: name one that is there", name, formatMs(r.RemovedMs))
		case r.Tenant != l.Tenant:
			return withHint(usage("rig %s belongs to %s, not to %s", name, r.Owner(), l.Tenant), "%q lists the rigs and their owners", "hashlease rig list")
		case r.RatedHps == 0:
			return withHint(usage("what rig %s can do is not known, so there is no rate to contract", name),
				"say so: \"hashlease rig set %s --hashrate 100TH\"", name)
		case r.RatedMilliJTH == 0 && terms.Prices != nil && terms.Prices.Power != nil:
			return withHint(usage("what energy rig %s needs is not known, and the terms charge for it", name),
				"say so: \"hashlease rig set %s --power-j-th 17.5\"", name)
		}
		l.ContractedHps += r.RatedHps // each at most MaxContractedHps, of MaxLeaseRigs
		if l.ContractedHps > lease.MaxContractedHps {
			return usage("the rigs are rated at more than %s together: make two leases", formatRate(lease.MaxContractedHps))
		}
	}
	return nil
}

// nodeCores are the processors that the node's threads are kept on, each as
// often as it has threads.
func nodeCores(threads int) []int {
	all := miner.Processors()
	if threads == 0 {
		threads = runtime.NumCPU()
	}
	cores := make([]int, threads)
	for i := range cores {
		cores[i] = all[i%len(all)]
	}
	return cores
}

// contractCores gives the lease the part of the node's rate that the threads on
// its processors make.
func contractCores(l *lease.Lease, node []int, hps uint64) error {
	if runtime.GOOS != "linux" {
		return usage("model %s needs Linux: no other system keeps processors for one lease", l.Model)
	}
	var threads uint64
	for _, n := range l.Cores {
		of := uint64(0)
		for _, m := range node {
			if m == n {
				of++
			}
		}
		if of == 0 {
			slices.Sort(node)
			return withHint(usage("processor %d has none of the node's threads", n),
				"they are on %s; node.threads in the configuration says how many there are", formatCores(slices.Compact(node)))
		}
		threads += of
	}
	hi, lo := bits.Mul64(hps, threads)
	l.ContractedHps, _ = bits.Div64(hi, lo, uint64(len(node))) // threads ≤ len(node), unless one is named twice
	return nil
}

// formatCores writes the numbers of processors, sorted, as spans: "0, 2-5".
func formatCores(cores []int) string {
	var parts []string
	for i := 0; i < len(cores); {
		j := i
		for j+1 < len(cores) && cores[j+1] == cores[j]+1 {
			j++
		}
		if j > i {
			parts = append(parts, fmt.Sprintf("%d-%d", cores[i], cores[j]))
		} else {
			parts = append(parts, strconv.Itoa(cores[i]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
