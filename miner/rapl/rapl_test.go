package rapl

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// machine is a fake /sys of zones, each "name limit energy".
func machine(zones map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for dir, z := range zones {
		f := strings.Fields(z)
		base := powercap + "/" + dir + "/"
		fsys[base+"name"] = &fstest.MapFile{Data: []byte(f[0] + "\n")}
		fsys[base+"max_energy_range_uj"] = &fstest.MapFile{Data: []byte(f[1] + "\n")}
		set(fsys, dir, f[2])
	}
	return fsys
}

func set(fsys fstest.MapFS, dir, energy string) {
	fsys[powercap+"/"+dir+"/energy_uj"] = &fstest.MapFile{Data: []byte(energy + "\n")}
}

// server has two packages with memory, in all the forms that must not count
// twice.
func server() fstest.MapFS {
	fsys := machine(map[string]string{
		"intel-rapl:0":        "package-0 1000 100",
		"intel-rapl:0:0":      "core 1000 50",
		"intel-rapl:0:1":      "uncore 1000 10",
		"intel-rapl:0:2":      "dram 500 20",
		"intel-rapl:1":        "package-1 1000 900",
		"intel-rapl:1:0":      "dram 500 490",
		"intel-rapl:2":        "psys 1000 0",
		"intel-rapl-mmio:0":   "package-0 1000 100",
		"intel-rapl-mmio:0:0": "dram 1000 100",
	})
	fsys[powercap+"/intel-rapl/enabled"] = &fstest.MapFile{Data: []byte("1\n")}
	return fsys
}

func TestMeter(t *testing.T) {
	fsys := server()
	m, err := Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := m.Read(); err != nil || e != (Energy{HasDRAM: true}) {
		t.Errorf("used %+v at once, %v", e, err)
	}
	set(fsys, "intel-rapl:0", "350")   // 250
	set(fsys, "intel-rapl:0:0", "900") // part of the package
	set(fsys, "intel-rapl:0:2", "25")  // 5
	set(fsys, "intel-rapl:1", "40")    // 100 to the limit, 40 from 0
	set(fsys, "intel-rapl:1:0", "3")   // 10 + 3
	set(fsys, "intel-rapl:2", "999")   // the board
	set(fsys, "intel-rapl-mmio:0", "350")
	want := Energy{PackageUJ: 390, DRAMUJ: 18, HasDRAM: true}
	if e, err := m.Read(); err != nil || e != want {
		t.Errorf("used %+v, %v; want %+v", e, err, want)
	}
	set(fsys, "intel-rapl:0", "349") // all but once around
	want.PackageUJ += 999
	if e, err := m.Read(); err != nil || e != want {
		t.Errorf("used %+v, %v; want %+v", e, err, want)
	}
}

func TestAMD(t *testing.T) {
	fsys := machine(map[string]string{"intel-rapl:0": "package-0-die-1 65532610987 7", "intel-rapl:0:0": "core 65532610987 5"})
	m, err := Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	set(fsys, "intel-rapl:0", "12")
	if e, err := m.Read(); err != nil || e != (Energy{PackageUJ: 5}) {
		t.Errorf("used %+v, %v", e, err)
	}
}

func TestNone(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"no powercap": {},
		"no zones":    {powercap + "/intel-rapl/enabled": {Data: []byte("1\n")}},
		"board alone": machine(map[string]string{"intel-rapl:0": "psys 1000 1"}),
	} {
		if _, err := Open(fsys); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDamaged(t *testing.T) {
	for _, text := range []string{"", "x", "-1", "1 2", "99999999999999999999", strings.Repeat("1", 4096), "1\x00"} {
		fsys := server()
		m, err := Open(fsys)
		if err != nil {
			t.Fatal(err)
		}
		set(fsys, "intel-rapl:1", text)
		if _, err := Open(fsys); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("opened with %.20q: %v", text, err)
		}
		if _, err := m.Read(); err == nil || !strings.Contains(err.Error(), "intel-rapl:1/energy_uj") {
			t.Errorf("read %.20q: %v", text, err)
		}
	}
	fsys := server()
	set(fsys, "intel-rapl:0", "5000") // above its limit
	m, err := Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	set(fsys, "intel-rapl:0", "1")
	if e, err := m.Read(); err == nil {
		t.Errorf("a counter beyond its limit that fell used %+v", e)
	}
	delete(fsys, powercap+"/intel-rapl:1/energy_uj")
	if _, err := m.Read(); !errors.Is(err, fs.ErrNotExist) && err == nil {
		t.Errorf("a zone that vanished: %v", err)
	}
}

// locked is a file system that lets nobody read the counters.
type locked struct{ fs.FS }

func (l locked) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "energy_uj") && !strings.Contains(name, "max_") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.FS.Open(name)
}

func (l locked) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(l.FS, name) }

func TestPermission(t *testing.T) {
	_, err := Open(locked{server()})
	if !errors.Is(err, ErrPermission) || !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "chmod a+r") {
		t.Errorf("root's counters say %v", err)
	}
}

// TestLinks reads a tree as the kernel builds it: the class folder holds
// symbolic links.
func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("names with colons")
	}
	root := t.TempDir()
	dir := filepath.Join(root, "sys/devices/virtual/powercap/intel-rapl/intel-rapl:0")
	class := filepath.Join(root, powercap)
	for _, d := range []string{dir, class} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("name", "package-0")
	write("max_energy_range_uj", "262143328850")
	write("energy_uj", "17")
	if err := os.Symlink("../../devices/virtual/powercap/intel-rapl/intel-rapl:0", filepath.Join(class, "intel-rapl:0")); err != nil {
		t.Fatal(err)
	}
	m, err := Open(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	write("energy_uj", "20")
	if e, err := m.Read(); err != nil || e.PackageUJ != 3 {
		t.Errorf("used %+v, %v", e, err)
	}
}

// FuzzMeter feeds a counter nonsense: energy never goes backwards.
func FuzzMeter(f *testing.F) {
	f.Add("100", "200", "1000")
	f.Add("900", "3", "1000")
	f.Add("x", "", "-1")
	f.Add(strconv.FormatUint(1<<63, 10), "0", strconv.FormatUint(1<<64-1, 10))
	f.Fuzz(func(t *testing.T, before, after, limit string) {
		fsys := server()
		fsys[powercap+"/intel-rapl:0/max_energy_range_uj"] = &fstest.MapFile{Data: []byte(limit)}
		set(fsys, "intel-rapl:0", before)
		m, err := Open(fsys)
		if err != nil {
			return
		}
		set(fsys, "intel-rapl:0", after)
		e, err := m.Read()
		if err != nil {
			return
		}
		last, _ := strconv.ParseUint(strings.TrimSpace(before), 10, 64)
		now, _ := strconv.ParseUint(strings.TrimSpace(after), 10, 64)
		if want := now - last; now >= last && e.PackageUJ != want {
			t.Errorf("from %d to %d are %d µJ", last, now, e.PackageUJ)
		}
	})
}
