package main

import (
	"math"
	"testing"
)

// A list that is too wide for the screen leaves out what can be spared first.
func TestFitted(t *testing.T) {
	rows := [][]string{{"NAME", "SIZE", "NOTE", "SINCE"}, {"a", "1", "something", "today"}, {"bb", "22", "", "ever"}}
	for _, c := range []struct {
		columns int
		want    string
	}{
		{math.MaxInt, "NAME  SIZE  NOTE       SINCE\na        1  something  today\nbb      22             ever\n"},
		{28, "NAME  SIZE  NOTE       SINCE\na        1  something  today\nbb      22             ever\n"},
		{27, "NAME  SIZE  SINCE\na        1  today\nbb      22  ever\nnot shown for want of room: NOTE (--json has all)\n"},
		{16, "NAME  SINCE\na     today\nbb    ever\nnot shown for want of room: NOTE, SIZE (--json has all)\n"},
		{1, "NAME  SINCE\na     today\nbb    ever\nnot shown for want of room: NOTE, SIZE (--json has all)\n"},
	} {
		if got := fitted(c.columns, rows, []string{"NOTE", "NOWHERE", "SIZE"}, "SIZE"); got != c.want {
			t.Errorf("%d columns:\n%s", c.columns, got)
		}
	}
	if rows[0][2] != "NOTE" || rows[1][1] != "1" {
		t.Errorf("the rows were changed: %q", rows)
	}
}
