package main

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Only a port that nobody asked for may be missing.
func TestOpenPort(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().String()
	for _, tt := range []struct {
		name   string
		change func(*stratumConfig)
		opened bool
		want   string // of the error or the warning
	}{
		{"free", func(c *stratumConfig) { c.Listen = "127.0.0.1:0" }, true, ""},
		{"off", func(c *stratumConfig) { c.Listen = "off" }, false, ""},
		{"taken, by default", func(c *stratumConfig) { c.Listen = taken }, false, "level=WARN"},
		{"taken, asked for", func(c *stratumConfig) { c.Listen, c.explicit = taken, true }, false, "--stratum off"},
		{"no certificate", func(c *stratumConfig) { c.Listen, c.TLSCert, c.TLSKey = "127.0.0.1:0", "no.pem", "no.key" }, false, "no.pem"},
	} {
		e, _, stderr := testEnv()
		c := defaultStratum()
		tt.change(&c)
		l, err := c.openPort(t.Context(), nil, logger(e.stderr, "text", slog.LevelInfo))
		if err != nil {
			report(stderr, err)
		}
		text := stderr.String()
		if (l != nil) != tt.opened || tt.want == "" && text != "" || !strings.Contains(text, tt.want) ||
			(err != nil) != (tt.want != "" && !strings.Contains(tt.want, "WARN")) {
			t.Errorf("%s: %v, %v, %q", tt.name, l, err, text)
		}
		if l != nil {
			l.Close()
		}
	}
}

// Wherever the address is set, it is asked for, be it the default one.
func TestExplicitListen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.toml")
	if err := os.WriteFile(file, []byte("[stratum]\nlisten = \"127.0.0.1:3333\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		vars map[string]string
		want bool
	}{
		{"default", nil, nil, false},
		{"another key", nil, map[string]string{"HASHLEASE_STRATUM_BAN_SECONDS": "5"}, false},
		{"file", []string{"--config", file}, nil, true},
		{"environment", nil, map[string]string{"HASHLEASE_STRATUM_LISTEN": "127.0.0.1:3333"}, true},
		{"flag", []string{"--stratum", "127.0.0.1:3333"}, nil, true},
	} {
		e, _, _ := testEnv()
		withVars(e, tt.vars)
		f := newDataFlags(e, "test", "", "")
		set := f.stratumFlag()
		if _, err := f.parse(tt.args, 0, 0); err != nil {
			t.Fatal(err)
		}
		c, err := f.load(set)
		if err != nil {
			t.Fatal(err)
		}
		if c.Stratum.explicit != tt.want || c.Stratum.Listen != "127.0.0.1:3333" {
			t.Errorf("%s: %v", tt.name, c.Stratum.explicit)
		}
	}
}

func TestStratumURL(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:3333": "stratum+tcp://127.0.0.1:3333",
		":3333":          "stratum+tcp://THIS-MACHINE:3333",
		"0.0.0.0:3333":   "stratum+tcp://THIS-MACHINE:3333",
		"[::]:3333":      "stratum+tcp://THIS-MACHINE:3333",
		"[::1]:3333":     "stratum+tcp://[::1]:3333",
		"pool.lan:25":    "stratum+tcp://pool.lan:25",
		"off":            "none: stratum.listen is off",
		"":               "none: stratum.listen is off",
	} {
		c := stratumConfig{Listen: listen}
		if got := c.url(); got != want {
			t.Errorf("%q is %s, want %s", listen, got, want)
		}
	}
}

func TestParseMilli(t *testing.T) {
	for text, want := range map[string]uint64{
		"17.5": 17_500, "0.001": 1, "20": 20_000, "1.000000": 1000, " 3 ": 3000, "9007199254740.993": 9_007_199_254_740_993,
	} {
		if got, err := parseMilli(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", ".", ".5", "5.", "-1", "1e3", "17,5", "0", "0.0", "0.0001", "99999999999999999999", "9223372036854775.808", "x"} {
		if got, err := parseMilli(bad); err == nil {
			t.Errorf("%q gives %d", bad, got)
		}
	}
}

func TestListenConfig(t *testing.T) {
	c := defaultStratum()
	c.ProxyFrom = []string{"192.0.2.7", "2001:db8::1/32"}
	c.MaxLine++ // unlike the transport's own default
	lc, err := c.listenConfig(nil, nil)
	if err != nil || lc.Handshakes != 4096 || lc.HandshakeTime != seconds(15) || lc.LineLimit != int(c.MaxLine) || lc.Addr != c.Listen ||
		len(lc.Proxies) != 2 || lc.Proxies[1].String() != "2001:db8::/32" {
		t.Errorf("listens with %+v, %v", lc, err)
	}
}
