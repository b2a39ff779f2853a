// Package rapl reads the energy that the processors of a machine use, from
// the counters of Intel's and AMD's processors (Running Average Power Limit)
// as Linux shows them in /sys/class/powercap.
//
// A zone is one counter, in microjoules. A package zone counts everything in
// one socket: cores, caches, graphics. Its subzones core and uncore are parts
// of it and are not added; memory (dram) is outside of it and is told apart.
// The zone psys is the whole board, packages included, and is left out, as is
// the second view of the packages that intel-rapl-mmio gives.
//
// The counters belong to the machine: they hold what every program used, and
// what the processor uses when it is idle.
package rapl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// ErrNone is the error of a machine that shows no energy counters: virtual
// machines, other systems than Linux, old or small processors.
var ErrNone = errors.New("this machine shows no energy counters in /sys/class/powercap")

// ErrPermission is the error of counters that the user may not read. It is
// also fs.ErrPermission.
var ErrPermission = fmt.Errorf("the energy counters are readable for root alone since 2020 (CVE-2020-8694); "+
	"run as root, or allow it until the next start with: sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj: %w", fs.ErrPermission)

// Energy is what was used, in microjoules.
type Energy struct {
	PackageUJ uint64 // of all processor packages together
	DRAMUJ    uint64 // of their memory, where it is counted; not part of PackageUJ
	HasDRAM   bool
}

// Meter sums the counters of a machine since it was opened. It is not for
// concurrent use.
type Meter struct {
	root  fs.FS
	zones []zone
	total Energy
}

// zone is one counter.
type zone struct {
	dir   string
	dram  bool
	limit uint64 // the value after which the counter begins again at 0
	last  uint64
}

const (
	powercap = "sys/class/powercap"
	maxFile  = 64   // bytes of a file in a zone
	maxZones = 1024 // no machine has so many
)

// Names of the folders and, in their file "name", of the zones. Dies of a
// package are zones of their own: package-0-die-1.
var (
	packageDir = regexp.MustCompile(`^intel-rapl:[0-9]+$`)
	subDir     = regexp.MustCompile(`^intel-rapl:[0-9]+:[0-9]+$`)
	packageOf  = regexp.MustCompile(`^package-[0-9]+(-die-[0-9]+)?$`)
)

// Open finds the counters in a file system that begins at the root directory,
// os.DirFS("/"), and reads them once. It fails with ErrNone or ErrPermission,
// or if a counter cannot be understood.
func Open(root fs.FS) (*Meter, error) {
	entries, err := fs.ReadDir(root, powercap)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, ErrPermission
	case err != nil:
		return nil, ErrNone
	}
	m := &Meter{root: root}
	packages := 0
	for _, entry := range entries {
		dir := path.Join(powercap, entry.Name())
		whole := packageDir.MatchString(entry.Name())
		if !whole && !subDir.MatchString(entry.Name()) {
			continue
		}
		name, err := m.text(dir, "name")
		if err != nil {
			return nil, err
		}
		dram := !whole && name == "dram"
		if !dram && !(whole && packageOf.MatchString(name)) {
			continue
		}
		z := zone{dir: dir, dram: dram}
		if z.limit, err = m.number(dir, "max_energy_range_uj"); err != nil {
			return nil, err
		}
		if z.last, err = m.number(dir, "energy_uj"); err != nil {
			return nil, err
		}
		if m.zones = append(m.zones, z); len(m.zones) > maxZones {
			return nil, fmt.Errorf("%s: more than %d zones", powercap, maxZones)
		}
		if dram {
			m.total.HasDRAM = true
		} else {
			packages++
		}
	}
	if packages == 0 {
		return nil, ErrNone
	}
	return m, nil
}

// Read returns the energy used since Open. It has to be called before a
// counter begins again twice, which takes minutes at full power.
func (m *Meter) Read() (Energy, error) {
	for i := range m.zones {
		z := &m.zones[i]
		now, err := m.number(z.dir, "energy_uj")
		if err != nil {
			return Energy{}, err
		}
		used := now - z.last
		if now < z.last {
			if z.last > z.limit {
				return Energy{}, fmt.Errorf("%s: fell from %d to %d µJ, though it counts to %d", z.dir, z.last, now, z.limit)
			}
			used = z.limit - z.last + now
		}
		z.last = now
		if z.dram {
			m.total.DRAMUJ += used
		} else {
			m.total.PackageUJ += used
		}
	}
	return m.total, nil
}

// text reads a file of a zone.
func (m *Meter) text(dir, name string) (string, error) {
	f, err := m.root.Open(path.Join(dir, name))
	if errors.Is(err, fs.ErrPermission) {
		return "", ErrPermission
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "", ErrPermission
	case err != nil:
		return "", fmt.Errorf("%s/%s: %w", dir, name, err)
	case len(b) > maxFile || bytes.IndexByte(b, 0) >= 0:
		return "", fmt.Errorf("%s/%s: want a short line of text", dir, name)
	}
	return strings.TrimSpace(string(b)), nil
}

// number reads a file of a zone that holds one.
func (m *Meter) number(dir, name string) (uint64, error) {
	s, err := m.text(dir, name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s/%s: %.40q: want a number of microjoules", dir, name, s)
	}
	return n, nil
}
