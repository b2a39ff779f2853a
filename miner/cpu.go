package miner

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// CPU is what the processor says of itself.
type CPU struct {
	Model    string   // vendor, family, model and stepping where there are such, and the name
	Features []string // what it offers and the system lets programs use, sorted
}

// ThisCPU returns the processor of this machine.
func ThisCPU() CPU {
	c := cpuid.CPU
	model := cmp.Or(c.BrandName, runtime.GOARCH)
	if c.Family != 0 {
		id := fmt.Sprintf("%s family %d model %d stepping %d", c.VendorString, c.Family, c.Model, c.Stepping)
		model += " (" + strings.TrimSpace(id) + ")"
	}
	return CPU{Model: model, Features: slices.Sorted(slices.Values(c.FeatureSet()))}
}
