package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// withVars gives an env variables.
func withVars(e *env, vars map[string]string) {
	e.lookup = func(name string) string { return vars[name] }
	e.vars = func() (all []string) {
		for name, value := range vars {
			all = append(all, name+"="+value)
		}
		return all
	}
}

func TestSampleIsComplete(t *testing.T) {
	e, _, _ := testEnv()
	def := defaultConfig()
	file := filepath.Join(t.TempDir(), "sample.toml")
	if err := os.WriteFile(file, def.sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, from, err := loadConfig(e, file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, def) {
		t.Errorf("the sample says %+v, the defaults are %+v", c, def)
	}
	if err := c.validate(); err != nil {
		t.Errorf("the defaults are invalid: %v", err)
	}
	for _, k := range c.keys() {
		if from[k.String()] != fromFile {
			t.Errorf("the sample lacks %s", k)
		}
		if k.doc == "" || !strings.HasSuffix(k.doc, ".") {
			t.Errorf("%s is not documented in a sentence: %q", k, k.doc)
		}
		if k.name == "" || strings.ContainsAny(k.name, ",.-") {
			t.Errorf("%q is no name for a key", k)
		}
	}
	for line := range strings.Lines(string(def.sample())) {
		if strings.HasPrefix(line, "#") && len(line) > 80 {
			t.Errorf("long line in the sample: %q", line)
		}
	}
}

// TestBadFiles reads each *.bad.toml, whose first line names the parts of the
// error and its hint, separated by bars.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.bad.toml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d bad files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := bytes.Cut(text, []byte("\n"))
		e, stdout, stderr := testEnv()
		if code := run(t.Context(), e, []string{"config", "check", file}); code != exitUsage {
			t.Errorf("%s: exit code %d, %s%s", file, code, stdout, stderr)
		}
		for want := range strings.SplitSeq(strings.TrimPrefix(string(first), "# "), " | ") {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%s gives %q, want %q in it", file, stderr, want)
			}
		}
		if !strings.Contains(stderr.String(), filepath.Base(file)) {
			t.Errorf("%s is not named in %q", file, stderr)
		}
	}
}

func TestGoodFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.good.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d good files, %v", len(files), err)
	}
	for _, file := range files {
		e, _, stderr := testEnv()
		if code := run(t.Context(), e, []string{"config", "check", file}); code != exitOK {
			t.Errorf("%s: exit code %d: %s", file, code, stderr)
		}
	}
	c, _, err := loadConfig(&env{lookup: func(string) string { return "" }}, "testdata/config/full.good.toml")
	if err != nil {
		t.Fatal(err)
	}
	def := defaultConfig()
	unset := c.keys()
	for i, k := range def.keys() {
		if k.String() != "coin.password" && k.String() != "house.pool_password" && reflect.DeepEqual(k.value.Interface(), unset[i].value.Interface()) {
			t.Errorf("full.good.toml does not set %s", k)
		}
	}
}

func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.toml")
	text := "[node]\nthreads = 1\nduty = 10\ndata = \"from-file\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, _, stderr := testEnv()
	withVars(e, map[string]string{"HASHLEASE_CONFIG": file, "HASHLEASE_NODE_DUTY": "20", "HASHLEASE_NODE_DATA": "from-env",
		"HASHLEASE_COIN_RPC": "http://a, http://b", "HASHLEASE_COIN_PAYOUT_ADDRESS": "script:51", "HASHLEASE_NODE_DEMO": "false"})
	f := newDataFlags(e, "test", "", "")
	if _, err := f.parse([]string{"--data", "from-flag"}, 0, 0); err != nil {
		t.Fatal(err)
	}
	c, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Node.Threads != 1 || c.Node.Duty != 20 || c.Node.Data != "from-flag" || c.Node.LogFormat != "text" || c.Node.Demo ||
		!reflect.DeepEqual(c.Coin.RPC, []string{"http://a", "http://b"}) {
		t.Errorf("in effect: %+v", c)
	}
	if stderr.Len() > 0 {
		t.Errorf("warnings: %s", stderr)
	}
}

func TestEnvironmentErrors(t *testing.T) {
	e, _, stderr := testEnv()
	withVars(e, map[string]string{"HASHLEASE_NODE_DUTY": "half"})
	if code := run(t.Context(), e, []string{"config", "show"}); code != exitUsage || !strings.Contains(stderr.String(), "HASHLEASE_NODE_DUTY") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	e, _, stderr = testEnv()
	withVars(e, map[string]string{"HASHLEASE_NODE_THREAD": "2", "HASHLEASE_SERVICE_HOST": "10.0.0.1"})
	if code := run(t.Context(), e, []string{"config", "show"}); code != exitOK {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if got := stderr.String(); !strings.Contains(got, "did you mean HASHLEASE_NODE_THREADS?") || strings.Contains(got, "SERVICE") {
		t.Errorf("warnings: %q", got)
	}
}

func TestConfigShowHidesSecrets(t *testing.T) {
	for _, args := range [][]string{{"config", "show"}, {"config", "show", "--json"}} {
		e, stdout, _ := testEnv()
		withVars(e, map[string]string{"HASHLEASE_COIN_PASSWORD": "hunter2", "HASHLEASE_COIN_RPC": "http://u:hunter2@h"})
		if code := run(t.Context(), e, args); code != exitOK || strings.Contains(stdout.String(), "hunter2") {
			t.Errorf("%q, exit code %d: %s", args, code, stdout)
		}
	}
}

func TestPasswordFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := coinConfig{PasswordFile: file}
	if p, err := c.password(); err != nil || p != "s3cret" {
		t.Errorf("%q, %v", p, err)
	}
	c.PasswordFile += "x"
	if _, err := c.password(); err == nil {
		t.Error("a missing file is no error")
	}
}

func FuzzConfig(f *testing.F) {
	def := defaultConfig()
	f.Add(def.sample())
	files, _ := filepath.Glob("testdata/config/*.toml")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c := defaultConfig()
		if err := c.decode("file", text, make(map[string]source)); err != nil && exitCode(err) != exitUsage {
			t.Errorf("exit code %d: %v", exitCode(err), err)
		} else if err == nil {
			c.validate()
		}
	})
}
