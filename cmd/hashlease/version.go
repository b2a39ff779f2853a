package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/hashlease/hashlease/miner"
)

// versionInfo says what this program is.
type versionInfo struct {
	Version  string   `json:"version"`
	Revision string   `json:"revision,omitempty"`
	Time     string   `json:"time,omitempty"`
	Modified bool     `json:"modified,omitempty"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	Kernels  []string `json:"kernels"` // those compiled in, the plainest first
}

func version() versionInfo {
	v := versionInfo{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.time":
				v.Time = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	for _, k := range miner.Kernels() {
		v.Kernels = append(v.Kernels, k.Name)
	}
	return v
}

func runVersion(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "version", "[--json]", "Prints the version, the commit it was built from, and the kernels in it.")
	asJSON := f.Bool("json", false, "print JSON")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	v := version()
	if *asJSON {
		return writeJSON(e.stdout, v)
	}
	fmt.Fprintf(e.stdout, "hashlease %s\n", v.Version)
	if v.Revision != "" {
		dirty := ""
		if v.Modified {
			dirty = ", with changes"
		}
		fmt.Fprintf(e.stdout, "commit  %s of %s%s\n", v.Revision, v.Time, dirty)
	}
	fmt.Fprintf(e.stdout, "go      %s %s\n", v.Go, v.Platform)
	fmt.Fprintf(e.stdout, "kernels %s\n", strings.Join(v.Kernels, ", "))
	return nil
}
