// Package witness watches other providers' logs and signs beneath their
// checkpoints that they have only grown (C2SP tlog-cosignature), and asks
// others to do so for one's own (C2SP tlog-witness). A history that is shown to
// one tenant only has no witness's signature, or two that convict.
//
// The package promises: a cosignature is given away only once the checkpoint is
// durable, and never two for checkpoints of one log of which one does not begin
// with the other. A log that has signed two such checkpoints is refused with
// both as evidence, which is kept. A witness that has lost its state must not
// go on under its name.
package witness
