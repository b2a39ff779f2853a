// Package miner makes hashes: SHA-256d of block headers, on the processor, as
// fast as it can be measured to go.
//
// # Words
//
// A [Header] is the 80 bytes that are hashed twice: version, previous block,
// merkle root, time, bits, nonce. A [Hash], read as a little-endian number, is
// a hit of a [Target] if it is not larger. [Bits] are the target of the
// network in the compact form of headers. The [Work] of a target is the number
// of hashes a hit takes on average; the [Difficulty] is that in the unit of
// pools, about 2^32 hashes, as an exact fraction.
//
// A rolled version is a value of the version field that miners choose from;
// only the first of the header's two blocks depends on it, and the state after
// that block is its midstate. A scan tries all combinations of some rolled
// versions and a range of nonces; so many headers has it hashed. A [Kernel] is
// one implementation of the scan, and a [Scanner] its memory. A lane is one of
// the nonces a kernel hashes side by side. A candidate is what a kernel takes
// for a hit, looking only at the word of the hash that decides first. A
// [MultiBuffer] hashes many messages of one length at once, each in a lane.
//
// The [Engine] runs a kernel on many threads. A [Task] is a stretch of nonces
// for one thread, the [Feeder] deals tasks out and gets the hits.
//
// # Promises
//
// Every hit that leaves this package has been hashed again with crypto/sha256,
// the oracle. No hit is lost: candidates include all hits for every target,
// the easiest as well.
//
// Headers are counted exactly: those of a scan are the rolled versions times
// the nonces scanned, and the engine's counter is the sum of what it told its
// feeder. A header is one hash, whatever is shared between several.
//
// The engine uses no kernel before it has passed [SelfTest] in this process; the
// fastest is chosen by measuring, not by name.
//
// A kernel call takes about half a millisecond, so that new work and a pause
// wait no longer than that. The garbage collector does not wait for kernels in
// assembly, not even for one whose thread other programs keep from its
// processor. Scanning does not allocate.
//
// The package opens no files but what the system says about its processors,
// has no sockets, writes no logs, and no state outside its values.
package miner
