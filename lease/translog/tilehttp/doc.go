// Package tilehttp serves a transparency log over HTTP and follows others', in
// the form of C2SP tlog-tiles: /checkpoint, /tile/L/N[.p/W] and
// /tile/entries/N[.p/W].
//
// The package promises: nothing is served that no checkpoint stands for; a
// follower believes nothing that a server sends but what the signed checkpoint
// proves, and reads no more of it than the checkpoint says there can be.
package tilehttp
