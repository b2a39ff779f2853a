package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/hashlease/hashlease/"

// listed is a package as "go list -json" prints it.
type listed struct {
	ImportPath   string
	Doc          string
	GoFiles      []string
	Imports      []string
	Deps         []string
	TestImports  []string
	XTestImports []string
}

// levels are the top-level folders, from the bottom: a package may import
// from its own level and those before it.
var levels = []string{"miner", "stratum", "lease", "bench", "cmd"}

// never forbids a group of packages a dependency, direct or not.
var never = []struct {
	of      string // package path below the module, or a prefix that ends in /...
	import_ []string
	direct  bool // only a direct import is forbidden
	why     string
}{
	{"miner", []string{"net", "net/...", "database/sql", "encoding/json", "log", "log/..."}, false,
		"the hashing engine has no sockets, no storage and no formats: it can be audited, and used, alone"},
	{"lease", []string{"net", "net/...", "database/sql", "database/sql/...", module + "stratum", module + "stratum/...", module + "lease/..."}, false,
		"the rules of the contract need nothing but arithmetic; storage and transport implement them"},
	{"lease/multiproof", []string{"net", "net/...", "database/sql", module + "..."}, false,
		"a proof is checked by itself"},
	{"lease/receipt", []string{"net", "net/...", "crypto/tls", "database/sql", module + "stratum"}, false,
		"receipts are judged offline, and nothing is trusted but what is at hand"},
	{"lease/bundle", []string{"net", "net/...", "os", "database/sql"}, true,
		"whoever verifies a bundle needs nothing else: also in a browser"},
	{"lease/translog", []string{"net", "net/...", "database/sql", module + "stratum/...", module + "lease/..."}, false,
		"what checks a log is small and offline; files and HTTP are in its folders"},
	{"miner/...", []string{"os/signal", "flag"}, true, "signals and flags belong to the command"},
	{"stratum/...", []string{"os/signal", "flag", "log"}, true, "signals, flags and global loggers belong to the command"},
	{"lease/...", []string{"os/signal", "flag", "log"}, true, "signals, flags and global loggers belong to the command"},
	{"bench", []string{"os/signal", "flag", "log"}, true, "signals, flags and global loggers belong to the command"},
}

// only names the packages that alone may import something directly.
var only = []struct {
	import_ string
	by      []string
	why     string
}{
	{"github.com/gorilla/websocket", []string{"stratum/transport"}, "every transport is a net.Conn to the rest"},
	{"github.com/ncruces/go-sqlite3", []string{"lease/sqlite"}, "one folder per dependency"},
	{"github.com/btcsuite/btcd/blockchain", []string{"stratum/solo/sandbox"}, "one folder per dependency"},
	{"github.com/klauspost/cpuid/v2", []string{"miner", "bench"}, "the processor is the kernels' matter"},
	{"github.com/pelletier/go-toml/v2", []string{"cmd/hashlease"}, "configuration belongs to the command"},
}

// within lists all that a package may depend on, but for the standard library.
var within = []struct {
	of   string
	deps []string
	why  string
}{
	{"lease/receipt", []string{"golang.org/x/mod/...", "golang.org/x/sys/...", "github.com/klauspost/cpuid/v2/...",
		module + "miner", module + "stratum/work", module + "lease", module + "lease/multiproof"},
		"what judges receipts is small and audited by itself"},
}

func TestImports(t *testing.T) {
	for _, p := range goList(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		level := slices.Index(levels, topOf(path))
		if level < 0 {
			t.Errorf("%s is on no level: the top-level folders are %s", path, strings.Join(levels, ", "))
		}
		for _, imported := range p.Imports {
			rest, ours := strings.CutPrefix(imported, module)
			if ours && slices.Index(levels, topOf(rest)) > level {
				t.Errorf("%s imports %s: the direction is cmd, bench, lease, stratum, miner, never back", path, rest)
			}
			if ours && strings.HasSuffix(rest, "test") && !strings.HasSuffix(path, "test") {
				t.Errorf("%s imports %s: test doubles are for tests", path, rest)
			}
			if ours && rest == "bench" && topOf(path) != "cmd" {
				t.Errorf("%s imports bench: measuring is nobody's dependency", path)
			}
			for _, o := range only {
				if matches(o.import_+"/...", imported) && !slices.Contains(o.by, path) {
					t.Errorf("%s imports %s: %s (%s)", path, imported, o.why, strings.Join(o.by, ", "))
				}
			}
		}
		for _, rule := range within {
			for _, dep := range p.Deps {
				may := func(pattern string) bool { return matches(pattern, dep) }
				if rule.of == path && strings.Contains(topOf(dep), ".") && !slices.ContainsFunc(rule.deps, may) {
					t.Errorf("%s depends on %s: %s", path, dep, rule.why)
				}
			}
		}
		for _, rule := range never {
			if !matches(rule.of, path) {
				continue
			}
			reach := p.Deps
			if rule.direct {
				reach = p.Imports
			}
			for _, forbidden := range rule.import_ {
				for _, dep := range reach {
					if matches(forbidden, dep) {
						t.Errorf("%s depends on %s: %s", path, dep, rule.why)
					}
				}
			}
		}
	}
}

// small bounds packages that people audit in one sitting, in lines without tests.
var small = map[string]int{
	"lease/receipt":    900,
	"lease/multiproof": 300,
	"stratum/work":     700,
}

func TestSmall(t *testing.T) {
	for path, most := range small {
		names, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(path), "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no files, %v", path, err)
		}
		lines := 0
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(text, []byte("\n"))
		}
		if lines >= most {
			t.Errorf("%s has %d lines, want less than %d: whoever audits it must read them all", path, lines, most)
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range goList(t) {
		name := p.ImportPath[strings.LastIndexByte(p.ImportPath, '/')+1:]
		if !strings.HasPrefix(p.Doc, "Package "+name+" ") && !strings.HasPrefix(p.Doc, "Command "+name+" ") {
			t.Errorf("%s has no package comment that starts with its name", p.ImportPath)
		}
	}
}

// maxLines is the size at which a file holds more than one concept.
const maxLines = 400

// forbiddenCalls belong to the command alone, or to nobody.
var forbiddenCalls = map[string]string{
	"os.Exit":      "only the command ends the process",
	"os.Getenv":    "only the command reads the environment",
	"os.LookupEnv": "only the command reads the environment",
	"os.Environ":   "only the command reads the environment",
}

// TestSources looks at every Go file by itself.
func TestSources(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if ast.IsGenerated(file) {
			return nil
		}
		if n := bytes.Count(text, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, at most %d: one concept a file", path, n, maxLines)
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if topOf(rel) == "cmd" || strings.HasSuffix(rel, "_test.go") || strings.Contains(rel, "/_") || strings.Contains(rel, "test/") {
			return nil
		}
		checkCalls(t, rel, file)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// checkCalls looks for what only the command may do.
func checkCalls(t *testing.T, path string, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				t.Errorf("%s has an init function: nothing registers itself", path)
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := x.Name + "." + n.Sel.Name
			if why, bad := forbiddenCalls[name]; bad {
				t.Errorf("%s uses %s: %s", path, name, why)
			}
			if name == "time.Now" && filepath.ToSlash(filepath.Dir(path)) == "lease" {
				t.Errorf("%s uses time.Now: the rules of the contract read no clock", path)
			}
		}
		return true
	})
}

func topOf(path string) string {
	top, _, _ := strings.Cut(path, "/")
	return top
}

// matches tells whether path is what the pattern names: itself, or with /...
// everything below as well; lease/... does not mean lease itself when the
// package is imported by its own root.
func matches(pattern, path string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(path, prefix+"/") || path == prefix && !strings.HasPrefix(pattern, module)
	}
	return pattern == path
}

// goList describes the module's packages.
func goList(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,GoFiles,Imports,Deps,TestImports,XTestImports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
