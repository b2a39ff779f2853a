package bench

import (
	"bytes"
	"io"
	"io/fs"
	"runtime"
	"strconv"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// machine describes the machine whose file system begins at root.
func machine(root fs.FS) Machine {
	const frequency = "sys/devices/system/cpu/cpu0/cpufreq/"
	m := Machine{
		CPU:        strings.TrimSpace(cpuid.CPU.BrandName),
		Features:   features(),
		Processors: runtime.NumCPU(),
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
		OS:         fileText(root, "proc/sys/kernel/osrelease"),
		Governor:   fileText(root, frequency+"scaling_governor"),
		Driver:     fileText(root, frequency+"scaling_driver"),
	}
	if m.CPU == "" {
		m.CPU = cpuinfo(root)
	}
	if m.CPU == "" {
		m.CPU = "unknown " + runtime.GOARCH + " processor"
	}
	return m
}

// features lists what the processor and the operating system offer of that
// which kernels need.
func features() []string {
	list := []string{}
	for _, id := range []cpuid.FeatureID{
		cpuid.SSSE3, cpuid.SHA, cpuid.AVX, cpuid.AVX2, cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VL, // x86
		cpuid.ASIMD, cpuid.SHA2, // arm64
	} {
		if cpuid.CPU.Supports(id) {
			list = append(list, strings.ToLower(id.String()))
		}
	}
	return list
}

// cpuinfo is the processor's name where the processor itself does not tell.
func cpuinfo(root fs.FS) string {
	text := readSome(root, "proc/cpuinfo")
	for _, key := range []string{"model name", "Hardware", "CPU part"} {
		for line := range strings.Lines(text) {
			name, value, ok := strings.Cut(line, ":")
			if value = printable(value); ok && strings.TrimSpace(name) == key && value != "" {
				if key == "CPU part" {
					return runtime.GOARCH + " part " + value
				}
				return value
			}
		}
	}
	return ""
}

// stealTicks is the time that a hypervisor has taken from the machine's
// processors since its start, in hundredths of a second; 0 if nobody knows.
func stealTicks(root fs.FS) uint64 {
	line, _, _ := strings.Cut(readSome(root, "proc/stat"), "\n")
	if f := strings.Fields(line); len(f) > 8 && f[0] == "cpu" {
		n, err := strconv.ParseUint(f[8], 10, 64)
		if err == nil {
			return n
		}
	}
	return 0
}

// fileText is a file's one line, "" if there is none that can be read.
func fileText(root fs.FS, name string) string { return printable(readSome(root, name)) }

// readSome reads the beginning of a file.
func readSome(root fs.FS, name string) string {
	f, err := root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return ""
	}
	return string(bytes.ToValidUTF8(b, nil))
}

// printable makes a line of at most maxText characters of a text.
func printable(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), maxText)]
}

// maxText is the longest text of a document, in bytes.
const maxText = 200
