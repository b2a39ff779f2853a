// Package logkeeper keeps a provider's transparency log going: it signs for
// what was added, asks witnesses, and changes the key.
//
// The package promises: whatever fails, it goes on and says so, and never makes
// anybody wait; a change of the key that was cut short at any moment is
// finished by the next who signs, and the first checkpoint that has the leaf of
// the new key is signed by both.
package logkeeper
