// Package dispatch is the one place where leases meet jobs and hashing
// threads. It turns the coin node's templates into one job a lease, shares
// the CPU's threads out among the leases and the house, and turns what they
// find into receipts, blocks and ledger entries.
//
// The promises it keeps:
//
//   - A job is durable before a thread works on it, with the split that a
//     block of it would pay.
//   - A share is judged and credited by the job it was found on, at the target
//     fixed when the job was made. A header counts once.
//   - A share counts from the moment its batch is committed, at most 250 ms
//     later; then it survives a kill.
//   - A block is durable before it is submitted, unless the store fails just
//     then, and booked only when the node has it on its best chain.
//   - Every header hashed is counted for exactly one lease or the house.
package dispatch
