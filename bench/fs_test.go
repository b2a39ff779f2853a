package bench

import (
	"io/fs"
	"testing/fstest"
)

// growing is a file system one of whose files changes whenever it is opened.
type growing struct {
	fstest.MapFS
	name string
	text func() string
}

func (g growing) Open(name string) (fs.File, error) {
	if name == g.name {
		return fstest.MapFS{name: {Data: []byte(g.text() + "\n")}}.Open(name)
	}
	return g.MapFS.Open(name)
}
