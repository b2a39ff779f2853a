// Package work is the one judge of shares: what a job is, how a share of it is
// made into a header, and whether that header's hash counts. The words are
// those of package stratum, which says how work and shares travel; this part
// of it opens no connection and reads no wire, so that it can be audited by
// itself and runs wherever shares are verified.
package work
