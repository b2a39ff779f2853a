// Package translog is a provider's transparency log: one append-only sequence
// of leaves in which everything that a statement rests on is written down
// before anybody can wish it had been otherwise.
//
// A leaf is a small public document, with a commitment to what only a tenant
// may read (Leaf, Opening). Leaves are the records of an RFC 6962 Merkle tree; its
// root, its size and the log's name, signed, are a checkpoint (Checkpoint).
// Whoever keeps a checkpoint can tell for ever whether a later one still begins
// with the same leaves. A witness is somebody else who does so for everybody
// and signs beneath (NewCosigner). The tag map (TagMap) shows that a tag is one
// lease's alone.
//
// The formats are those of C2SP: signed-note, tlog-checkpoint, tlog-tiles,
// tlog-cosignature and tlog-witness. FORMAT.md beside this file says what they
// leave open, exactly enough to write another reader.
//
// The package promises: a checkpoint is handed out only once it is durable, and
// never one that another may contradict; a store that went back behind a
// checkpoint, or whose leaves are not those signed for, is refused when it is
// opened; reading foreign bytes never panics and is bounded; every refusal says
// which promise was broken (ErrSplitView, ErrRewritten, ErrReordered,
// ErrTruncated, ErrReplayed, ErrOtherKey, …).
//
// The package itself opens no file and no socket: filelog keeps a log in a
// directory, tilehttp serves and follows one, witness watches others'.
package translog
