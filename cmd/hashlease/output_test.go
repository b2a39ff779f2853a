package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestSave writes to every kind of file that can be there already.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	e := &env{}
	name := filepath.Join(dir, "file")
	for _, content := range []string{"one", "two"} {
		if err := e.save(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != content {
			t.Errorf("the file holds %q, %v", got, err)
		}
	}
	if err := e.save(dir, nil); exitCode(err) != exitUsage || !strings.Contains(err.Error(), dir+" is a directory") {
		t.Errorf("a directory: %v", err)
	}
	lost := filepath.Join(dir, "no", "such", "folder")
	if err := e.save(lost, nil); err == nil || !strings.HasPrefix(err.Error(), "write "+lost+": ") {
		t.Errorf("a folder that is not there: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestSaveKeepsDevices links to the null device, which a file put in its
// place would ruin for everybody.
func TestSaveKeepsDevices(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no device files")
	}
	name := filepath.Join(t.TempDir(), "null")
	if err := os.Symlink(os.DevNull, name); err != nil {
		t.Fatal(err)
	}
	if err := (&env{}).save(name, []byte("gone")); err != nil {
		t.Error(err)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("it was replaced by a file: %v, %v", info, err)
	}
}
