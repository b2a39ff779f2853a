// Package stratum is how work and shares travel: the wire of Stratum V1, the
// words of package work, the one judge of shares, the client that mines for foreign pools, and the server
// that rigs mine for.
//
// # Words
//
// A [Job] is the work of one mining.notify: a block whose coinbase lacks the
// extranonces. An [Issue] is a job as one worker got it: with its extranonce1,
// the size of the extranonce2 that the worker chooses, the version bits it may
// roll (mask), and the target its shares are judged by. A [Share] is an answer
// to a job, submitted because its header's hash is at most the target; its
// worth is the work of that target, the expected number of hashes of one hit.
// A difficulty is a target's inverse as the wire has it. The [Space] of an
// issue is everything one thread may hash for it: versions × nonces ×
// extranonce2. A [Verdict] is what became of a share: a pool's true or its
// refusal, or why the share was never sent.
//
// On the server's side a [Seat] is one connection, with one or more workers
// logged in, and a [Lane] a stream of jobs for the seats placed on it. The
// [Desk] is what the server asks of the node. A level is the exponent of a
// difficulty that is a power of two, as all of a server's are.
//
// A job is clean when it makes all older ones worthless, which is when the
// previous block changed. A share of a job that a clean one replaced is stale.
//
// # Promises
//
// A share is judged and credited by the terms of the issue it answers, never
// by what holds when it arrives. A difficulty or an extranonce that the pool
// changes counts from its next job; a version mask counts at once, and the
// newest job is issued again under it. Client, server and verifier judge by
// the same [Issue.Check], and duplicates are found by the hash of the header
// ([Seen]), whatever the spelling on the wire. Targets are exact: difficulties
// never pass through a float.
//
// No bytes of a peer make a parser panic, and lines, depths, counts and
// lengths are bounded. A peer's text reaches logs only through [Printable].
//
// A [Client] never sends a share that [Issue.Check] refuses, nor a header that
// is among the newest 65 536 it sent of a block on the same connection, nor a
// share on another connection than its job came from. It notices a pool that is
// silent or leaves shares unanswered, goes on to the next, and returns to a
// preferred one without a gap in the work. A pool can redirect it only within
// the pool's own registrable domain, and TLS certificates are always verified.
//
// A [Server] answers the requests of a connection in order, and says nothing
// before the reply to mining.subscribe. An accepted share was told to the Desk
// before its reply is written, and one header counts once for a session,
// resumed or not. No connection waits for another: what a peer does not read
// is queued up to a limit, and every limit has a counter.
package stratum
