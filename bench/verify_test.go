package bench

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// A small month holds, and the document has the keys that VERIFY.md promises.
func TestVerify(t *testing.T) {
	res, err := Verify(t.Context(), VerifyConfig{Receipts: 600, Jobs: 200, Days: 1, Leaves: 1000, Folder: t.TempDir(), Check: VerifyFile})
	if err != nil {
		t.Fatal(err)
	}
	if res.Month.Receipts != 600 || res.Month.Failed != "" || res.Month.Checks < 30 {
		t.Errorf("the month: %+v", res.Month)
	}
	text, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"receipts_per_s_core", "month_s", "month_peak_bytes", "render_ms", "log_leaves_per_s"} {
		if v, ok := keys[key].(float64); !ok || v <= 0 && key != "month_peak_bytes" {
			t.Errorf("%s is %v", key, keys[key])
		}
	}
	// So few receipts are no proof of a month.
	for _, g := range res.Goals {
		if strings.Contains(g.Name, "month") {
			t.Errorf("goal %q of %d receipts", g.Name, res.Receipts)
		}
	}
}

func TestVerifyConfig(t *testing.T) {
	check := func(context.Context, string) (VerifyRun, error) { return VerifyRun{Failed: "receipts: none"}, nil }
	for _, c := range []VerifyConfig{{}, {Check: check, Receipts: -1}, {Check: check, Receipts: 10, Jobs: 11}, {Check: check, Jobs: MinVerifyJobs - 1}, {Check: check, Days: 32}, {Check: check, Leaves: 1001}, {Check: check, Jobs: MaxVerifyJobs + 1}} {
		if _, err := Verify(t.Context(), c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	// A bundle that does not hold gives no figures.
	if _, err := Verify(t.Context(), VerifyConfig{Receipts: 200, Jobs: 150, Days: 1, Leaves: 1000, Folder: t.TempDir(), Check: check}); err == nil || !strings.Contains(err.Error(), "receipts: none") {
		t.Errorf("a check that failed: %v", err)
	}
}
