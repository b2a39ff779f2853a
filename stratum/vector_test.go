package stratum

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
)

// The vector is real: btcd's simnet, a pool in the manner of ckpool, and a
// CPU miner whose two shares the pool accepted.
const (
	vectorNotify = `["6affdc6900000003","0641dc7d6e6f0ec1641788474c5b575b03e866b9ad7ab5786a9d4429000002f1",` +
		`"01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff360220020c0b2f503253482f627463642f047ddcff6a04bf2af20a0c",` +
		`"0a636b706f6f6c2d6c6872032f782fffffffff0200f2052a010000001976a914000102030405060708090a0b0c0d0e0f1011121388ac0000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf900000000",` +
		`[],"20400000","1d00ffff","6affdc7d",true]`
	vectorSubmit  = `["user","6affdc6900000003","0000000000000000","6affdc7d","7f717306"]`
	vectorSubmit2 = `["user","6affdc6900000003","0000000000000000","6affdc7d","34a79b0b"]`
	vectorRoot    = "fb8d91eeb8b562eb319598d4be638397337000f633bb0d7ce1f931bf08f512f5"
	vectorHeader  = "00004020" + "7ddc4106c10e6f6e478817645b575b4cb966e80378b57aad29449d6af1020000" +
		vectorRoot + "7ddcff6a" + "ffff001d" + "0673717f"
	vectorHash  = "0000000a7654a749c9c9a5b86e1a24edb7bcc1a0387644164c2066b04ca6da33"
	vectorHash2 = "00000007e4e5d5ae4c80aea9cc9bce44b3761317a6dcfe73ec9f232d93cb67b3"
)

func vectorIssue(t testing.TB) *Issue {
	t.Helper()
	j, err := ParseNotify([]byte(vectorNotify))
	if err != nil {
		t.Fatal(err)
	}
	d, err := miner.ParseDifficulty("0.05")
	if err != nil {
		t.Fatal(err)
	}
	return &Issue{
		Job: *j, Extranonce1: []byte{0x6a, 0xdc, 0xff, 0x6a}, Extranonce2Size: 8, Mask: VersionMask,
		Target: d.PoolTarget(), MinTime: j.Time, MaxTime: j.Time + 7200,
	}
}

func parseSubmit(t testing.TB, params string) Submit {
	t.Helper()
	var s Submit
	if err := s.Parse([]byte(params)); err != nil {
		t.Fatalf("Parse(%s): %v", params, err)
	}
	return s
}

func TestVector(t *testing.T) {
	i := vectorIssue(t)
	if i.ID != "6affdc6900000003" || !i.Clean {
		t.Errorf("job %q clean %t", i.ID, i.Clean)
	}
	s := parseSubmit(t, vectorSubmit)
	root := i.MerkleRoot(append(bytes.Clone(i.Extranonce1), s.Share.Extranonce2...))
	if got := hex.EncodeToString(root[:]); got != vectorRoot {
		t.Errorf("root %s, want %s", got, vectorRoot)
	}
	h, hash, err := i.Check(s.Share)
	if err != nil {
		t.Fatal(err)
	}
	if h.String() != vectorHeader {
		t.Errorf("header %s, want %s", h, vectorHeader)
	}
	if hash.String() != vectorHash {
		t.Errorf("hash %s, want %s", hash, vectorHash)
	}
	if d := miner.Target(hash).Difficulty().String(); !strings.HasPrefix(d, "0.09558") {
		t.Errorf("difficulty %s, want 0.09558…", d)
	}
	_, hash, err = i.Check(parseSubmit(t, vectorSubmit2).Share)
	if err != nil || hash.String() != vectorHash2 {
		t.Errorf("second share: %s, %v; want %s", hash, err, vectorHash2)
	}
	if _, err := ParseCoinbase(i.Coinbase(append(bytes.Clone(i.Extranonce1), s.Share.Extranonce2...))); err != nil {
		t.Errorf("coinbase: %v", err)
	}
}

// replay is a share in one spelling, and the answer to it.
type replay struct {
	name, params string
	want         int // code; 0: accepted
}

// judge answers a submit as a server does.
func judge(i *Issue, seen *Seen, params string) int {
	var s Submit
	err := s.Parse([]byte(params))
	var hash miner.Hash
	if err == nil {
		_, hash, err = i.Check(s.Share)
	}
	if err == nil && !seen.Add(hash) {
		err = &Error{Code: CodeDuplicate}
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func params(en2, ntime string, more ...string) string {
	return string(AppendStrings(nil, append([]string{"user", "6affdc6900000003", en2, ntime, "7f717306"}, more...)...))
}

// TestReplays is the table of answers to a share that was accepted before, in
// other spellings.
func TestReplays(t *testing.T) {
	const en2 = "0000000000000000"
	i, seen := vectorIssue(t), new(Seen)
	for _, c := range []replay{
		{"first", vectorSubmit, 0},
		{"exact duplicate", vectorSubmit, CodeDuplicate},
		{"upper-case hex", params(en2, "6AFFDC7D"), CodeDuplicate},
		{"the job's own bits", params(en2, "6affdc7d", "00400000"), CodeDuplicate},
		{"empty version bits", params(en2, "6affdc7d", ""), CodeDuplicate},
		{"more parameters", params(en2, "6affdc7d", "400000", "x"), CodeDuplicate},
		{"extranonce2 too long", params(en2+"00", "6affdc7d"), CodeOther},
		{"extranonce2 too short", params(en2[2:], "6affdc7d"), CodeOther},
		{"half a byte of extranonce2", params(en2[1:], "6affdc7d"), CodeOther},
		{"endless extranonce2", params(strings.Repeat("0", 4000), "6affdc7d"), CodeOther},
		{"no hex", params("zz00000000000000", "6affdc7d"), CodeOther},
		{"four parameters", `["user","6affdc6900000003","0000000000000000","6affdc7d"]`, CodeOther},
		{"ntime -1", params(en2, "6affdc7c"), CodeOther},
		{"ntime beyond +7200", params(en2, "6afff89e"), CodeOther},
		{"bits outside the mask", params(en2, "6affdc7d", "20000000"), CodeOther},
		{"nine digits of bits", params(en2, "6affdc7d", "000400000"), CodeOther},
		{"another header", params(en2, "6affdda9"), CodeLowDifficulty},
		{"second share", vectorSubmit2, 0},
	} {
		if got := judge(i, seen, c.params); got != c.want {
			t.Errorf("%s: code %d, want %d", c.name, got, c.want)
		}
	}

	// A job whose version has the mask's bits zeroed: bits of zero are the
	// same as none. Everything is a hit, so that the header alone decides.
	i, seen = vectorIssue(t), new(Seen)
	i.Version &^= VersionMask
	i.Target = miner.MaxTarget
	for _, c := range []replay{
		{"first", params(en2, "6affdc7d", "00000000"), 0},
		{"version bits omitted", params(en2, "6affdc7d"), CodeDuplicate},
		{"one digit of bits", params(en2, "6affdc7d", "0"), CodeDuplicate},
		{"ntime +300", params(en2, "6affdda9"), 0},
		{"ntime +7200", params(en2, "6afff89d"), 0},
		{"other bits", params(en2, "6affdc7d", "1fffe000"), 0},
	} {
		if got := judge(i, seen, c.params); got != c.want {
			t.Errorf("zeroed version, %s: code %d, want %d", c.name, got, c.want)
		}
	}
	if seen.Len() != 4 {
		t.Errorf("%d hashes remembered, want 4", seen.Len())
	}
	if seen.Reset(); seen.Len() != 0 || judge(i, seen, vectorSubmit) != 0 {
		t.Error("Reset does not forget")
	}
}
