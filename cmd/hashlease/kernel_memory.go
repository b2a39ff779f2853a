package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// kernelMemory is the file that remembers how fast the kernels are: in the
// user's cache directory, since it is about the machine, not about a data
// directory. It may be lost or spoiled at any time; all it holds can be
// measured again.
type kernelMemory struct {
	file string // "" for none
	note string // why there is none
	key  string // of this processor and program
	cpu  string
}

// kernelFile is the content of the file.
type kernelFile struct {
	Schema  string          `json:"schema"`
	Entries []kernelEntries `json:"entries"` // the newest first
}

// kernelEntries are the kernels on one processor with one program.
type kernelEntries struct {
	Key     string        `json:"key"`
	CPU     string        `json:"cpu"`
	Time    time.Time     `json:"time"`
	Kernels []kernelEntry `json:"kernels"`
}

// kernelEntry is one kernel: its rate, or why it does not work.
type kernelEntry struct {
	Name  string `json:"name"`
	Hps   uint64 `json:"hps,omitempty"`
	Error string `json:"error,omitempty"`
}

// Limits of the file.
const (
	kernelSchema     = "hashlease-kernels/1"
	maxKernelFile    = 64 << 10
	maxKernelEntries = 8 // processors and programs, for home directories that machines share
	maxKernelHps     = 1 << 50
	maxKernelError   = 300
)

// openKernelMemory names the file and the key; nothing is read yet.
func (e *env) openKernelMemory() *kernelMemory {
	cpu := miner.ThisCPU()
	m := &kernelMemory{key: kernelKey(cpu), cpu: cpu.Model}
	if e.cacheDir == nil {
		m.note = "there is no cache directory"
		return m
	}
	dir, err := e.cacheDir()
	if err != nil {
		m.note = err.Error()
		return m
	}
	m.file = filepath.Join(dir, "hashlease", "kernels.json")
	return m
}

// kernelKey stands for everything that a rate depends on: processor, what the
// system lets programs use of it, this program and its kernels.
func kernelKey(cpu miner.CPU) string {
	v := version()
	parts := []string{cpu.Model, strings.Join(cpu.Features, " "), v.Version, v.Revision, v.Go, v.Platform, strings.Join(v.Kernels, " ")}
	if name, err := os.Executable(); err == nil {
		if info, err := os.Stat(name); err == nil { // tells builds with changes apart
			parts = append(parts, fmt.Sprint(info.Size()), info.ModTime().UTC().Format(time.RFC3339Nano))
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:16])
}

// recall returns what is remembered of this processor and program, nil if
// nothing is or it cannot be read.
func (m *kernelMemory) recall() ([]miner.Measurement, time.Time) {
	for _, e := range m.read().Entries {
		if e.Key == m.key {
			return e.measurements(), e.Time
		}
	}
	return nil, time.Time{}
}

// measurements gives the entries their kernels; it leaves out those that the
// program does not have.
func (e *kernelEntries) measurements() (all []miner.Measurement) {
	for _, k := range e.Kernels {
		kernel, err := miner.KernelByName(k.Name)
		if err != nil {
			continue
		}
		m := miner.Measurement{Kernel: kernel, Hps: float64(k.Hps)}
		if k.Error != "" {
			m.Err = errors.New(k.Error)
		}
		all = append(all, m)
	}
	return all
}

// remember adds measurements, in the place of older ones.
func (m *kernelMemory) remember(all []miner.Measurement, now time.Time) error {
	if m.file == "" {
		return nil // which the note explains
	}
	entry := kernelEntries{Key: m.key, CPU: m.cpu, Time: now.UTC().Truncate(time.Second)}
	for _, one := range all {
		switch {
		case one.Err == nil:
			entry.Kernels = append(entry.Kernels, kernelEntry{Name: one.Kernel.Name, Hps: uint64(one.Hps)})
		case one.Kernel.Supported() == nil: // what is not is seen at once
			text := []rune(strings.ToValidUTF8(one.Err.Error(), "?"))
			entry.Kernels = append(entry.Kernels, kernelEntry{Name: one.Kernel.Name, Error: string(text[:min(len(text), maxKernelError)])})
		}
	}
	f := m.read()
	f.Schema = kernelSchema
	f.Entries = slices.DeleteFunc(f.Entries, func(e kernelEntries) bool { return e.Key == m.key })
	f.Entries = append([]kernelEntries{entry}, f.Entries[:min(len(f.Entries), maxKernelEntries-1)]...)
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	// Where there is no home there is no reason to make one.
	for _, dir := range []string{filepath.Dir(filepath.Dir(m.file)), filepath.Dir(m.file)} {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return writeFile(m.file, append(b, '\n'), 0o600)
}

// read returns the file's content, nothing if there is none to be trusted.
func (m *kernelMemory) read() (f kernelFile) {
	if m.file == "" {
		return f
	}
	if info, err := os.Stat(m.file); err != nil || !info.Mode().IsRegular() {
		return f
	}
	in, err := os.Open(m.file)
	if err != nil {
		return f
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxKernelFile+1))
	if err != nil {
		return f
	}
	if f, err = parseKernelFile(b); err != nil {
		return kernelFile{}
	}
	return f
}

// parseKernelFile reads the file's content and refuses what remember would
// not write.
func parseKernelFile(b []byte) (f kernelFile, err error) {
	if len(b) > maxKernelFile {
		return f, fmt.Errorf("more than %d bytes", maxKernelFile)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return f, errors.New("more than one document")
	}
	if f.Schema != kernelSchema || len(f.Entries) > maxKernelEntries {
		return f, fmt.Errorf("schema %.40q with %d entries", f.Schema, len(f.Entries))
	}
	for _, e := range f.Entries {
		for _, k := range e.Kernels {
			if (k.Hps == 0) == (k.Error == "") || k.Hps > maxKernelHps || len(k.Error) > 4*maxKernelError {
				return f, fmt.Errorf("kernel %.40q: want a rate or an error", k.Name)
			}
		}
	}
	return f, nil
}
