package receipt

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// TestEveryByteCounts changes a bundle without signing it again: every byte
// in turn by one bit, some by every bit, and bytes left out or doubled.
func TestEveryByteCounts(t *testing.T) {
	t.Run("first format", func(t *testing.T) { everyByteCounts(t, honest(t, 1), 1) })
	t.Run("direct", func(t *testing.T) {
		everyByteCounts(t, schemeBundle(t, direct(schemeTerms(lease.SchemePPLNS)), nil), 5)
	})
}

// everyByteCounts changes one byte in so many.
func everyByteCounts(t *testing.T, b *Bundle, step int) {
	b.Jobs, b.Templates, b.Receipts, b.Blocks = b.Jobs[:1], b.Templates[:1], b.Receipts[:1], b.Blocks[:1]
	b.Statement.Rewards, b.Statement.Balances.Pending = b.Statement.Rewards[:1], 0
	b.Statement.CountedHashes = hps(2)
	sign(t, b)
	whole := encode(t, b)
	if r := Verify(whole, Options{}); !r.OK() {
		t.Fatalf("the bundle itself failed %v", failed(r))
	}
	const chunk = 1000
	for from := 0; from < len(whole); from += chunk {
		t.Run(fmt.Sprintf("from byte %d", from), func(t *testing.T) {
			t.Parallel()
			for i := from; i < min(from+chunk, len(whole)); i += step {
				tamper(t, slices.Clone(whole), i)
			}
		})
	}
}

// tamper changes data at byte i in several ways, none of which may pass.
func tamper(t *testing.T, data []byte, i int) {
	try := func(what string, changed []byte) {
		if Verify(changed, Options{}).OK() {
			t.Errorf("OK with byte %d %s: %s", i, what, data[max(0, i-40):i+1])
		}
	}
	for bit := range 8 {
		if bit == i%8 || i%64 == 0 {
			data[i] ^= 1 << bit
			try("changed", data)
			data[i] ^= 1 << bit
		}
	}
	if i%32 == 0 {
		try("left out", slices.Delete(slices.Clone(data), i, i+1))
		try("doubled", slices.Insert(slices.Clone(data), i, data[i]))
		try("after a space", slices.Insert(slices.Clone(data), i, ' '))
		try("cut off", data[:i])
	}
}

func TestBundleRoundTrip(t *testing.T) {
	b := honest(t, 5)
	data := encode(t, b)
	back, err := DecodeBundle(data, 0)
	if err != nil {
		t.Fatal(err)
	}
	if again := encode(t, back); !bytes.Equal(again, data) {
		t.Errorf("decoded and encoded again:\n%s\nwant\n%s", again, data)
	}
	canonical, err := DecodeBundle(append(data, '\n'), 0)
	if err == nil {
		t.Errorf("a line feed at the end was accepted: %v", canonical)
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenBundle pins the format: bundles of the past must stay readable.
func TestGoldenBundle(t *testing.T) {
	const golden = "testdata/bundle.json"
	data := encode(t, honest(t, 2))
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, want) {
		t.Errorf("have:\n%s\nwant:\n%s", data, want)
	}
	if r := Verify(want, Options{Key: public(provider), TenantKey: public(tenant), Strict: true}); !r.OK() {
		t.Errorf("failed %v", failed(r))
	}
}

func TestDecodeBundleErrors(t *testing.T) {
	data := encode(t, honest(t, 1))
	swap := func(old, new string) []byte { return bytes.Replace(data, []byte(old), []byte(new), 1) }
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, `bundle, at byte 0: want {"blocks":`},
		{"pool's format", swap("bundle/1", "bundle/2"), `belongs into a bundle of format hashlease-bundle/1, not hashlease-bundle/2`},
		{"house pool's format", swap("bundle/1", "bundle/3"), `belongs into a bundle of format hashlease-bundle/1, not hashlease-bundle/3`},
		{"another format", swap("bundle/1", "bundle/4"), `want ,"format":"hashlease-bundle/1" in this place`},
		{"unknown field", swap(`{"created_ms"`, `{"a":1,"created_ms"`), `jobs[0], at byte `},
		{"missing field", swap(`{"created_ms":1700000000000,`, `{`), `jobs[0], at byte `},
		{"field twice", swap(`{"created_ms"`, `{"created_ms":1,"created_ms"`), `jobs[0], at byte `},
		{"other case", swap(`{"created_ms"`, `{"Created_ms"`), `jobs[0], at byte `},
		{"number as float", swap(`"created_ms":1700000000000`, `"created_ms":17e11`), `jobs[0], at byte `},
		{"null", swap(`"branches":["`, `"branches":null,"x":["`), `templates[0], at byte `},
		{"upper case receipt", swap(`"receipts":["0`, `"receipts":["A`), `receipts[0], at byte `},
		{"short receipt", swap(`"receipts":["`, `"receipts":["00","`), `receipts[0], at byte `},
		{"long receipt", swap(`"receipts":["`, `"receipts":["`+string(bytes.Repeat([]byte("00"), 60))), `receipts[0], at byte `},
		{"huge block", swap(`{"blocks":[`, `{"blocks":[{"extranonce":"`+string(bytes.Repeat([]byte("00"), 4000))+`"},`), `blocks[0], at byte 11: want a JSON object of at most 4096 bytes`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeBundle(tt.data, 0)
			if err == nil || !bytes.Contains([]byte(err.Error()), []byte(tt.want)) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

// TestCutBundle cuts a bundle off after each of its bytes.
func TestCutBundle(t *testing.T) {
	data := encode(t, honest(t, 2))
	for n := 1; n < len(data); n++ {
		_, err := DecodeBundle(data[:n], 0)
		if err == nil {
			t.Fatalf("%d of %d bytes were accepted", n, len(data))
		}
		if n > len(`{"blocks":`) && !errors.Is(err, errCut) {
			t.Errorf("%d bytes, which end in %s: %v", n, data[max(0, n-20):n], err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	data := encode(f, honest(f, 1))
	made := [][]byte{data, encode(f, schemeBundle(f, direct(schemeTerms(lease.SchemePPLNS)), nil)), encode(f, schemeBundle(f, schemeTerms(lease.SchemeFPPS), nil))}
	for _, data := range made {
		f.Add(data)
	}
	f.Add([]byte(`{"blocks":[],"format":"hashlease-bundle/1","jobs":[],"receipts":[]`))
	f.Fuzz(func(t *testing.T, fuzzed []byte) {
		r := Verify(fuzzed, Options{MaxBytes: 1 << 16})
		if len(r.Checks) == 0 {
			t.Fatal("nothing was checked")
		}
		if r.OK() && !slices.ContainsFunc(made, func(data []byte) bool { return bytes.Equal(fuzzed, data) }) {
			t.Fatalf("a forgery: %s", fuzzed)
		}
		b, err := DecodeBundle(fuzzed, 1<<16)
		if err != nil {
			return
		}
		if !bytes.Equal(encode(t, b), fuzzed) {
			t.Fatal("a bundle with two forms")
		}
		seal(t, b) // so that the checks behind the signature matter
		Verify(encode(t, b), Options{})
	})
}

func BenchmarkVerify(b *testing.B) {
	const perJob = 2000
	data := encode(b, honest(b, perJob))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if r := Verify(data, Options{}); !r.OK() {
			b.Fatal(failed(r))
		}
	}
	b.ReportMetric(float64(b.N)*3*perJob/b.Elapsed().Seconds(), "receipts/s")
}

// BenchmarkVerifyRolling has another extranonce in every receipt, as rigs
// send them.
func BenchmarkVerifyRolling(b *testing.B) {
	bundle := honest(b, 1)
	bundle.Receipts, bundle.Jobs, bundle.Templates = nil, bundle.Jobs[:1], bundle.Templates[:2]
	const receipts = 6000
	for i := range receipts {
		mine(b, bundle, 0, []byte{0, 1, 0, 0, byte(i >> 8), byte(i)}, 1)
	}
	bundle.Statement.CountedHashes = hps(2 * receipts)
	sign(b, bundle)
	data := encode(b, bundle)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if r := Verify(data, Options{}); !r.OK() {
			b.Fatal(failed(r))
		}
	}
	b.ReportMetric(float64(b.N)*receipts/b.Elapsed().Seconds(), "receipts/s")
}
