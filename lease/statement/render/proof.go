package render

import (
	"encoding/hex"

	"github.com/hashlease/hashlease/lease/receipt"
)

func shortHex(b []byte) string { return hex.EncodeToString(b[:min(len(b), 8)]) }

// printsNote says what the command that checks a statement prints.
const printsNote = "It prints one line a check, ✓ with what was compared or ✗ with the first thing that is wrong, then what it could not check and what stays the provider’s word, and last VERIFIED or NOT VERIFIED. Its exit status is 0 only if nothing is wrong. Give --key with the provider’s key as you know it from elsewhere: else it knows only the one in the bundle."

// verifyCommand is the command that checks the statement.
func (w *writer) verifyCommand() string {
	if w.x.Verify != "" {
		return clean(w.x.Verify)
	}
	return "hashlease verify " + clean(w.s.Lease) + ".bundle"
}

func (w *writer) proof() []block {
	s, x := w.s, w.x
	var facts []fact
	digest := func(label string, b []byte, note string) {
		facts = append(facts, fact{Label: label, Value: hex.EncodeToString(b), Note: note, Mono: true})
	}
	facts = append(facts, fact{Label: "Log", Value: clean(s.Origin), Note: "append-only, public, signed by the provider"})
	if s.Delivery.Batches > 0 {
		facts = append(facts, fact{Label: "Leaves", Value: group(s.Delivery.FirstLeaf) + " to " + group(s.Delivery.LastLeaf),
			Note: count(s.Delivery.Batches, "batch", "batches") + " with " + count(s.Delivery.Receipts, "receipt", "receipts")})
	}
	if x.Checkpoint.Size > 0 {
		facts = append(facts, fact{Label: "Checkpoint", Value: group(x.Checkpoint.Size) + " leaves", Note: "keep it: a later log must continue it"})
		digest("Its root", x.Checkpoint.Root[:], "")
	}
	if x.Hash != (receipt.B32{}) {
		note := ""
		if x.Leaf > 0 {
			note = "leaf " + group(x.Leaf)
		}
		digest("This statement", x.Hash[:], note)
	}
	if s.Supersedes != nil {
		digest("Supersedes", s.Supersedes[:], "")
	}
	digest("Terms", s.Terms[:], "")
	digest("Tag", s.Tag[:], "in every coinbase that was mined for you, of your key and your nonce")
	digest("Your nonce", s.Nonce[:], "")
	digest("Your key", s.TenantKey[:], "")
	digest("Provider’s key", s.Provider[:], "the first one of the log; give it to --key")
	blocks := []block{
		{Text: "The bundle of this statement holds every proof of work behind it. This hashes them again on your machine, offline, and recomputes every figure:"},
		{Code: []string{w.verifyCommand()}},
		{Note: printsNote},
	}
	return append(blocks, block{Facts: facts})
}

// risk says in plain words what no statement can promise.
func (w *writer) risk() []block {
	s := w.s
	blocks := []block{
		{Text: "No return is promised. Mining is a lottery: the proven work is certain, what it earns is not, and it may be less than it cost."},
	}
	not := "Not covered: the coin’s price, the network’s difficulty, and luck."
	if s.SLA == nil {
		not += " No rate is promised, so nothing is credited for what was not delivered."
	} else {
		not += " For what was not delivered, the credit of the SLA is all there is."
	}
	word := "The provider’s word, which no receipt shows: the hashes counted, the shares rejected or stale, when the node was running"
	if s.Energy != nil {
		word += ", the energy used"
	}
	switch {
	case s.Pool != nil:
		word += ", and what your pool is said to have answered. No share proves whose account a pool credits: compare what the pool shows you"
		not += " What your pool pays is between the pool and you."
	case s.HousePool != nil:
		word += ", and that the payments of the house’s pool are all there were"
	}
	blocks = append(blocks, block{Text: not}, block{Text: word + "."})
	dispute := "To dispute this statement, run the command under Proof and keep the bundle: a line with ✗ is evidence that anybody can check, and so are two checkpoints of one log that do not agree. Send the provider the check’s line and the leaf it names. A correction is booked and stated anew, in a statement with the next number; this one stays as it is."
	return append(blocks, block{Text: dispute})
}
