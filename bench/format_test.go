package bench

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestFormat looks for every key in the specifications.
func TestFormat(t *testing.T) {
	specified(t, "FORMAT.md", reflect.TypeFor[KernelResults]())
	specified(t, "ENGINE.md", reflect.TypeFor[EngineResults](), reflect.TypeFor[Program](), reflect.TypeFor[Machine]())
}

// specified looks for every key of a type in the file, but for those of the
// types that are specified elsewhere.
func specified(t *testing.T, file string, typ reflect.Type, elsewhere ...reflect.Type) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	for _, typ := range elsewhere {
		seen[typ] = true
	}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Array {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for f := range typ.Fields() {
			key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			mark := "`" + key + "`"
			if options == "omitempty" {
				mark += "?"
			}
			if !strings.Contains(string(text), mark) {
				t.Errorf("%s.%s is not in %s: no %s", typ.Name(), f.Name, file, mark)
			}
			walk(f.Type)
		}
	}
	walk(typ)
}

// TestExample checks the file that FORMAT.md names, to the last header.
func TestExample(t *testing.T) {
	document, err := os.ReadFile("testdata/kernels.json")
	if err != nil {
		t.Fatal(err)
	}
	report, err := CheckKernels(t.Context(), document, CheckOptions{Full: !testing.Short()})
	if err != nil || !report.Genuine {
		t.Errorf("%q, %v", failed(report), err)
	}
}
