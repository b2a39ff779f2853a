package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

func runConfigInit(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "config init", "[-o FILE]", "Writes a sample configuration: every key, documented, with its default.")
	out := f.String("o", "-", "the `FILE` to write, which must not exist; - is standard output")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if *out != "-" {
		if _, err := os.Stat(*out); err == nil {
			return usage("%s exists already: move it away, or write to another file", *out)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	c := defaultConfig()
	return e.save(*out, c.sample())
}

func runConfigCheck(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "config check", "FILE", "Checks a configuration file, without starting anything.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	c, _, err := loadConfig(e, pos[0])
	if err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return usage("%s: %w", pos[0], err)
	}
	e.warnStray(&c)
	fmt.Fprintf(e.stdout, "%s is valid\n", pos[0])
	return nil
}

func runConfigShow(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "config show", "[--config FILE] [--json]",
		"Prints the configuration in effect and where each value is from. Secrets are not shown.")
	file := f.String("config", "", "the configuration `FILE`")
	asJSON := f.Bool("json", false, "print JSON")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	c, from, err := loadConfig(e, *file)
	if err != nil {
		return err
	}
	if c.Coin.Password != "" {
		c.Coin.Password = "(secret)"
	}
	for i, url := range c.Coin.RPC {
		c.Coin.RPC[i] = withoutUser(url)
	}
	e.warnStray(&c)
	type entry struct {
		Key    string `json:"key"`
		Value  any    `json:"value"`
		Source source `json:"source"`
		Doc    string `json:"doc"`
	}
	var entries []entry
	rows := [][]string{{"KEY", "VALUE", "FROM"}}
	for _, k := range c.keys() {
		entries = append(entries, entry{k.String(), k.value.Interface(), from[k.String()], k.doc})
		rows = append(rows, []string{k.String(), k.toml(), string(from[k.String()])})
	}
	if *asJSON {
		return writeJSON(e.stdout, entries)
	}
	_, err = fmt.Fprint(e.stdout, table(rows))
	return err
}

// warnStray tells of environment variables that were probably misspelt.
func (e *env) warnStray(c *config) {
	for _, note := range c.strayVariables(e.vars()) {
		fmt.Fprintf(e.stderr, "hashlease: warning: %s\n", note)
	}
}
