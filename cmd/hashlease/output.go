package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeJSON prints a document for programs.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// saveJSON writes a document to the file called name; "" is none. It reports
// whether that was all, for it went to standard output.
func (e *env) saveJSON(name string, doc any) (all bool, err error) {
	if name == "" {
		return false, nil
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return false, err
	}
	return name == "-", e.save(name, append(b, '\n'))
}

// save writes content to the file called name, or to standard output when
// name is "" or "-". What is there already and no ordinary file, such as
// /dev/null or a pipe, is written to, never replaced.
func (e *env) save(name string, content []byte) error {
	return e.saveStream(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// saveStream is save for content that is written bit by bit. Of a file,
// nothing is there until all of it is.
func (e *env) saveStream(name string, write func(io.Writer) error) error {
	if name == "" || name == "-" {
		return write(e.stdout)
	}
	switch info, err := os.Stat(name); {
	case err != nil: // most often there is none, else writeFile tells
	case info.IsDir():
		return withHint(usage("%s is a directory", name), "name a file in it")
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	return writeFileStream(name, 0o644, write)
}

// writeFile replaces a file as a whole: after a crash it has its old content
// or the new one, and once writeFile has returned nil, the new one.
func writeFile(name string, content []byte, mode os.FileMode) error {
	return writeFileStream(name, mode, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// writeFileStream is writeFile for content that is written bit by bit.
func writeFileStream(name string, mode os.FileMode, write func(io.Writer) error) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+".*")
	if err != nil {
		return nameFile(err, name)
	}
	defer os.Remove(f.Name()) // fails, as it should, once renamed
	err = errors.Join(write(f), f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(dir)
}

// nameFile makes an error about the temporary file that stood in for name one
// about name.
func nameFile(err error, name string) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &fs.PathError{Op: "write", Path: name, Err: path.Err}
	}
	return err
}

// table lays out rows in columns; the first row is the header. Columns named
// in right are aligned to the right.
func table(rows [][]string, right ...string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	align := make([]bool, len(widths))
	for i, title := range rows[0] {
		for _, r := range right {
			align[i] = align[i] || r == title
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i > 0 {
				line.WriteString("  ")
			}
			if align[i] {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
