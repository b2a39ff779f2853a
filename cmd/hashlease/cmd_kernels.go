package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/miner"
)

// kernelsInfo is the document of "kernels --json".
type kernelsInfo struct {
	CPU      string       `json:"cpu"`
	Features []string     `json:"features"`
	Kernel   string       `json:"kernel"` // the one in use
	File     string       `json:"file,omitempty"`
	Measured string       `json:"measured,omitempty"` // when what is remembered was measured; RFC 3339, UTC
	Note     string       `json:"note,omitempty"`     // why it is not remembered
	Kernels  []kernelInfo `json:"kernels"`
}

// kernelInfo is one kernel.
type kernelInfo struct {
	Name   string `json:"name"`
	Lanes  int    `json:"lanes"`
	Needs  string `json:"needs,omitempty"`
	Hps    uint64 `json:"hps_1thread,omitempty"` // with rolled versions
	Usable bool   `json:"usable"`
	Chosen bool   `json:"chosen"`
	Why    string `json:"why"`
}

func runKernels(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "kernels", "[--measure] [--json]",
		"Shows which kernel hashes on this machine, and why not another. What was measured is\n"+
			"remembered for this processor and this program; --measure measures anew.")
	asJSON := f.Bool("json", false, "print JSON")
	anew := f.Bool("measure", false, "forget what is remembered")
	test := f.String("test", "", "only run the self-test of the kernel called `NAME`")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if f.given("test") {
		return testKernel(e.stdout, *test)
	}
	choice, err := e.selectKernel(ctx, "", *anew)
	if err != nil {
		return err
	}
	info := choice.info()
	if *asJSON {
		return writeJSON(e.stdout, info)
	}
	rows := [][]string{{"KERNEL", "LANES", "1 THREAD", "WHY, OR WHY NOT"}}
	for _, k := range info.Kernels {
		rate := "-"
		if k.Hps > 0 {
			rate = formatRate(k.Hps)
		}
		rows = append(rows, []string{k.Name, strconv.Itoa(k.Lanes), rate, k.Why})
	}
	fmt.Fprintf(e.stdout, "%s\n%s", info.CPU, table(rows, "LANES", "1 THREAD"))
	switch {
	case info.Note != "":
		fmt.Fprintf(e.stdout, "not remembered: %s\n", info.Note)
	case info.Measured != "":
		fmt.Fprintf(e.stdout, "measured at %s, remembered in %s\n", info.Measured, info.File)
	default:
		fmt.Fprintf(e.stdout, "measured now, remembered in %s\n", info.File)
	}
	return nil
}

// info is the choice as a document.
func (kc *kernelChoice) info() kernelsInfo {
	cpu := miner.ThisCPU()
	info := kernelsInfo{CPU: cpu.Model, Features: cpu.Features, Kernel: kc.Kernel.Name, File: kc.file, Note: kc.note}
	if !kc.measured.IsZero() {
		info.Measured = kc.measured.UTC().Format("2006-01-02T15:04:05Z")
	}
	for _, m := range kc.All {
		info.Kernels = append(info.Kernels, kernelInfo{
			Name: m.Kernel.Name, Lanes: m.Kernel.Lanes, Needs: m.Kernel.Needs, Hps: uint64(m.Hps),
			Usable: m.Err == nil, Chosen: m.Chosen, Why: strings.ReplaceAll(kc.Why(m), "\n", "; "),
		})
	}
	return info
}
