// Package lease holds the words of the contract between a provider and its
// tenants, and the rules that need nothing but arithmetic.
//
// A provider runs nodes. A tenant rents hash rate; one contract is a Lease,
// bound to one version of the Terms: a hash rate, machines of the tenant's own,
// or processors of the node. What no tenant has rented works for the house, the
// provider's own account. The work of a lease builds on the house's templates,
// or goes to the house's pool, and rewards are shared by the terms; or it goes to
// a Pool of the tenant's choice in the tenant's name. A Rig is a machine, the house's or a
// tenant's, that logs in to be given work. A share that was accepted is kept as
// a Receipt: the proof that the work of its target was done, marked for its
// lease by the Tag in the coinbase. Work is proven when receipts show it and
// counted when the hashing engine counted it itself; delivered means proven.
// Hours are estimated until they are over and then settled, for good: what was
// owed, proven, charged, and how it counts for the SLA. What was decided, and
// from what, is an Event. Each of these facts that a statement rests on is stored
// together with a LogLeaf, its record in the provider's public log; receipts go
// there as SealedBatches.
//
// The package promises: money is integer satoshi, work is a 128-bit integer,
// time is Unix milliseconds; no float is stored or signed. The bounds of
// intervals, by which hours are judged, are computed in the same IEEE steps on
// every machine and rounded outward to integers. It
// does no input or output, reads no clock and starts no goroutine. Storage is
// the Store interface, implemented by the folders below.
package lease
