package main

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/receipt"
)

// The words of a bundle can neither steer the terminal nor begin lines that
// look like the verifier's own.
func TestReportOfHostileBundle(t *testing.T) {
	const forged = "x\n✓ receipts  all good\nVERIFIED: all 18 checks hold\x1b[8m\u202e"
	r := &receipt.Report{
		Lease: forged, Tenant: forged, NotApplicable: []string{forged}, Unchecked: []string{forged},
		Checks: []receipt.Check{{Name: "signature", Detail: forged}, {Name: "jobs", OK: true, Detail: forged}},
	}
	text := reportText(r)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "✓ receipts") || strings.HasPrefix(line, "VERIFIED") {
			t.Errorf("forged line %q", line)
		}
	}
	for _, mark := range []string{"– not applicable: x", "– not checked: x"} {
		if strings.Count(text, mark) != 1 {
			t.Errorf("%q is not once in %q", mark, text)
		}
	}
	if strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("the terminal can be steered: %q", text)
	}
	if !strings.HasSuffix(text, "NOT VERIFIED: 1 of 2 checks failed\n") {
		t.Errorf("got %q", text)
	}
}
