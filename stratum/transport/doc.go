// Package transport carries the lines of Stratum: it dials stratum+tcp,
// stratum+ssl, ws and wss addresses and accepts WebSocket connections, and
// gives each as a net.Conn whose bytes are newline-terminated lines, whatever
// is underneath.
//
// TLS peers are always verified, against the system's authorities and those
// of Config.CA; there is no switch to turn that off. On a WebSocket every line
// is one text frame without its newline; coming in, binary frames, a trailing
// newline and several lines in one frame are accepted too. A frame may not
// exceed the line limit, and nothing is ever compressed.
package transport
