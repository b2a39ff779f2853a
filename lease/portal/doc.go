// Package portal is what a node serves to browsers and witnesses: its
// transparency log below /log/, a page that says what is here, and whatever
// else is hung in, such as the verifier.
//
// The package promises: everything it serves is public and only read; whoever
// asks is bounded in time, size and number; a page of it loads nothing from
// elsewhere and runs in no other page's frame.
package portal
