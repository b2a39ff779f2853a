// Package dispatch is the one place where leases meet jobs and what hashes. It
// turns the coin node's templates into one job a lease, shares the CPU's
// threads and the rigs that log in out among the leases and the house, and
// turns what they find into receipts, blocks and ledger entries.
//
// The promises it keeps:
//
//   - A job is durable before a thread works on it, with the split that a
//     block of it would pay and with its leaf in the provider's log.
//   - A share is judged and credited by the job it was found on, at the target
//     fixed when the job was made, wherever its rig is by then. A header counts
//     once, also after a restart.
//   - A share counts from the moment its batch is committed, at most 250 ms
//     later; then it survives a kill.
//   - A block is durable before it is submitted, unless the store fails just
//     then, and booked only when the node has it on its best chain.
//   - Every header that a thread hashed is counted for exactly one lease or the
//     house.
//   - The processors of a virtual-hosted lease and the rigs of a hosted one work
//     for no other tenant in its term, and while it is not paused for nobody else.
//   - A lease that is paused, resumed, extended or pointed to another pool is
//     treated so within about half a second, and no share is lost by it.
//   - What is final is settled within about a minute. Nothing that fails there
//     keeps anybody from hash rate.
//   - A tenant's own rig works for that tenant's leases and nobody else, one that
//     nobody added for the house at most. One that was switched off is gone
//     within about a second.
//
// Locks are taken in the order jobs, rigs, feed; the Stratum server holds none
// of its own when it calls. None is held while something is stored, but that
// of jobs, nor while something is logged.
package dispatch
