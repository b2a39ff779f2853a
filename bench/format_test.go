package bench

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestFormat looks for every key in the specification.
func TestFormat(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
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
				t.Errorf("%s.%s is not in FORMAT.md: no %s", typ.Name(), f.Name, mark)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[KernelResults]())
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
