package reward

// Dust is the least amount in satoshi that is worth an output to script: an
// output of less costs more than it is worth to spend, at three satoshi a
// virtual byte for the output and for the input that spends it. It is what
// nodes relay by default (GetDustThreshold of Bitcoin Core, policy.cpp): 546
// for an output to a public key's hash, 540 to a script's, 294 and 330 to
// witness programs of 20 and 32 bytes. A coinbase is not relayed by itself, so
// no rule forbids dust in it; it is the payee who would have no use for it.
func Dust(script []byte) int64 {
	const (
		perByte      = 3
		amount       = 8
		spend        = 32 + 4 + 1 + 107 + 4   // outpoint, script length, signature and key, sequence
		spendWitness = 32 + 4 + 1 + 107/4 + 4 // the same, the witness at a quarter
	)
	size := amount + lengthSize(len(script)) + len(script)
	if isWitnessProgram(script) {
		return int64(size+spendWitness) * perByte
	}
	return int64(size+spend) * perByte
}

// lengthSize is the size of a length as transactions write it.
func lengthSize(n int) int {
	switch {
	case n < 0xfd:
		return 1
	case n <= 0xffff:
		return 3
	}
	return 5
}

// isWitnessProgram reports whether script is a version, OP_0 or OP_1 to OP_16,
// and one push of 2 to 40 bytes (BIP 141).
func isWitnessProgram(script []byte) bool {
	const op1, op16 = 0x51, 0x60
	if len(script) < 4 || len(script) > 42 {
		return false
	}
	version := script[0]
	return (version == 0 || version >= op1 && version <= op16) && int(script[1]) == len(script)-2
}

// isUnspendable reports whether nobody can ever spend what script is paid: it
// begins with OP_RETURN or is longer than the 10 000 bytes that are run.
func isUnspendable(script []byte) bool {
	const opReturn, maxScript = 0x6a, 10_000
	return len(script) > 0 && script[0] == opReturn || len(script) > maxScript
}
