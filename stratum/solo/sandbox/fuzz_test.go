package sandbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/miner"
)

// Whatever stands in the file, the log opens or says that it is not its own,
// keeps a prefix of the file, and opens the same way again.
func FuzzLog(f *testing.F) {
	dir := f.TempDir()
	l, _, err := openLog(dir, miner.Hash{1})
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range []string{"one", "two"} {
		if err := l.append([]byte(b)); err != nil {
			f.Fatal(err)
		}
	}
	l.f.Close()
	good, err := os.ReadFile(filepath.Join(dir, "blocks.log"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "blocks.log"), content)
		first, cut, err := openLog(dir, miner.Hash{1})
		if err != nil {
			return
		}
		first.f.Close()
		if len(content) >= int(logHead) && first.size+cut != int64(len(content)) {
			t.Fatalf("%d bytes kept, %d cut, of %d", first.size, cut, len(content))
		}
		second, cut, err := openLog(dir, miner.Hash{1})
		if err != nil || cut != 0 || second.size != first.size {
			t.Fatalf("second opening: %v, %d cut", err, cut)
		}
		second.f.Close()
	})
}
