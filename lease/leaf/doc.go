// Package leaf is what the leaves of the provider's log say: a document for
// every kind of fact, its public part in clear and its private part behind a
// salted commitment, as package translog frames them.
//
// Public is what auditors need to see that nothing is sold twice: tags, rates,
// terms of leases, the layouts of jobs with the addresses of the pools they came
// from, the sums of batches, which source worked for whom. Private, and shown to
// the tenant alone, are names of tenants, money and users at pools. FORMAT.md of
// package translog lists them.
//
// The package promises: the leaf of a fact follows from the fact and the salt
// alone; whatever a constructor writes, its reader reads, and nothing else.
package leaf
