// Package transport carries the lines of Stratum: it dials stratum+tcp,
// stratum+ssl, ws and wss addresses, accepts all four on one port, and gives
// each as a net.Conn whose bytes are newline-terminated lines, whatever is
// underneath.
//
// A [Listener] tells by the first bytes of a connection what it is, within a
// bounded time and among a bounded number of others, and behind load balancers
// that speak the PROXY protocol too. What is none of these is closed at once,
// and counted by its [Refusal].
//
// TLS peers are always verified, against the system's authorities and those
// of Config.CA; there is no switch to turn that off. [PublicOnly] keeps
// addresses that strangers name out of the local network.
//
// On a WebSocket every line is one text frame without its newline; coming in,
// binary frames, a trailing newline and several lines in one frame are accepted
// too. A frame may not exceed the line limit, and nothing is ever compressed.
// Both ends ping, and one that hears nothing three times hangs up.
package transport
