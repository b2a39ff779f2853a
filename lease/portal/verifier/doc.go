// Package verifier is the page on which a tenant checks a bundle in the browser:
// the code of "hashlease verify", compiled to WebAssembly, runs in a worker on
// the tenant's own machine, and the file that is dropped on the page stays
// there. The page may load its own parts and nothing else, as its content
// security policy says.
//
// The WebAssembly is made before the program that serves it (make build). A
// program without it serves a page that says so.
package verifier
