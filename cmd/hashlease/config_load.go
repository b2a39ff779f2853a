package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxConfigSize is the largest configuration file that is read, in bytes.
const maxConfigSize = 1 << 20

// source says where a value came from.
type source string

const (
	fromDefault source = "default"
	fromFile    source = "file"
	fromEnv     source = "environment"
	fromFlag    source = "flag"
)

// loadConfig puts together defaults, the file called name (none when it is
// empty) and the environment. It says of each key where its value is from.
// Errors are of usage. The caller sets flags and then validates.
func loadConfig(e *env, name string) (config, map[string]source, error) {
	c := defaultConfig()
	from := make(map[string]source)
	for _, k := range c.keys() {
		from[k.String()] = fromDefault
	}
	if name == "" {
		name = e.lookup(envPrefix + "CONFIG")
	}
	if name != "" {
		text, err := readBounded(name, maxConfigSize)
		if err != nil {
			return c, nil, &coded{code: exitUsage, err: err}
		}
		if err := c.decode(name, text, from); err != nil {
			return c, nil, err
		}
	}
	for _, k := range c.keys() {
		text := e.lookup(k.env())
		if text == "" {
			continue
		}
		if err := k.set(text); err != nil {
			return c, nil, usage("environment variable %s: %w", k.env(), err)
		}
		from[k.String()] = fromEnv
	}
	return c, from, nil
}

// readBounded reads a whole file of at most limit bytes.
func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tooLarge := fmt.Errorf("%s: larger than %d bytes", name, limit)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > limit {
		return nil, tooLarge // before a byte of it is read
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, tooLarge
	}
	return b, err
}

// decode reads a file's text into c and notes the keys it sets.
func (c *config) decode(name string, text []byte, from map[string]source) error {
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	var strict *toml.StrictMissingError
	var bad *toml.DecodeError
	switch err := d.Decode(c); {
	case errors.As(err, &strict):
		return c.unknownKey(name, &strict.Errors[0])
	case errors.As(err, &bad):
		line, column := bad.Position()
		what := strings.TrimPrefix(bad.Error(), "toml: ")
		if name := strings.Join(bad.Key(), "."); name != "" {
			if strings.HasPrefix(what, "cannot decode") { // in words of Go
				what = "want " + c.form(name)
			}
			what = name + ": " + what
		}
		return usage("%s:%d:%d: %s", name, line, column, what)
	case err != nil:
		return usage("%s: %w", name, err)
	}
	var present map[string]map[string]any
	if err := toml.Unmarshal(text, &present); err != nil {
		return usage("%s: %w", name, err)
	}
	for section, names := range present {
		for n := range names {
			from[section+"."+n] = fromFile
		}
	}
	return nil
}

// form says what the value of a key or section has to be.
func (c *config) form(name string) string {
	for _, k := range c.keys() {
		if k.String() == name {
			return k.form()
		}
	}
	return "a section: [" + name + "]"
}

// unknownKey says where it stands and what it was probably meant to be.
func (c *config) unknownKey(file string, e *toml.DecodeError) error {
	var known []string
	for _, k := range c.keys() {
		if len(known) == 0 || known[len(known)-1] != k.section {
			known = append(known, k.section)
		}
		known = append(known, k.String())
	}
	line, column := e.Position()
	name := strings.Join(e.Key(), ".")
	err := usage("%s:%d:%d: unknown key %s", file, line, column, name)
	near := nearest(name, known)
	if near == "" {
		// The right name in the wrong section, or in none.
		last := name[strings.LastIndexByte(name, '.')+1:]
		for _, k := range c.keys() {
			if k.name == last {
				near = k.String()
			}
		}
	}
	if near != "" {
		return withHint(err, "did you mean %s?", near)
	}
	return withHint(err, `"hashlease config init -o -" prints all keys`)
}

// strayVariables lists environment variables that look like ours but set
// nothing, each with the nearest that does.
func (c *config) strayVariables(environ []string) []string {
	var names, notes []string
	sections := make(map[string]bool)
	for _, k := range c.keys() {
		names = append(names, k.env())
		sections[envPrefix+strings.ToUpper(k.section)] = true
	}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		section, _, _ := strings.Cut(rest, "_")
		if !ours || !sections[envPrefix+section] || slices.Contains(names, name) {
			continue
		}
		note := "environment variable " + name + " sets nothing"
		if near := nearest(name, names); near != "" {
			note += "; did you mean " + near + "?"
		}
		notes = append(notes, note)
	}
	return notes
}
