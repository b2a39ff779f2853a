package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out, terminal{redraw: true})
	fmt.Fprintln(s, "first")
	s.show([]viewLine{{"view one", ""}, {"bold", "1"}})
	fmt.Fprintln(s, "second")
	s.show([]viewLine{{strings.Repeat("x", 200), ""}})
	s.clear()
	fmt.Fprintln(s, "third")
	want := "first\n" +
		"view one\nbold\n" +
		"\x1b[2A\r\x1b[Jsecond\nview one\nbold\n" +
		"\x1b[2A\r\x1b[J" + strings.Repeat("x", 78) + "…\n" +
		"\x1b[1A\r\x1b[J" +
		"third\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", &out, want)
	}
}

func TestScreenHeight(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out, terminal{redraw: true, color: true})
	view := make([]viewLine, 100)
	for i := range view {
		view[i] = viewLine{fmt.Sprint("line ", i), "2"}
	}
	s.show(view)
	if n := strings.Count(out.String(), "\n"); n != 23 {
		t.Errorf("a view on a terminal of 24 lines has %d", n)
	}
	if !strings.Contains(out.String(), "\x1b[2mline 0\x1b[0m\n") || !strings.HasSuffix(out.String(), "… 78 more lines\n") {
		t.Errorf("the view is %q", &out)
	}
}

func TestPlainScreen(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out, terminal{})
	s.show([]viewLine{{"view", "1"}})
	fmt.Fprintln(s, "log")
	s.clear()
	if out.String() != "log\n" {
		t.Errorf("without a terminal it prints %q", &out)
	}
}
