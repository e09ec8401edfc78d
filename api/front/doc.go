// Package front answers requests on their connections, before net/http has read them.
//
// net/http stays in charge of every connection: it accepts it, reads from it, and closes it. What it reads
// from is a connection of this package, which looks at each request that begins where the one
// before ended. A request that is plain, and whose answer is at hand, is answered there and then
// by one write, and net/http never learns of it; every other one is handed on byte for byte.
//
// A front must never take for a request what net/http takes for something else, or two readers
// of one connection would differ on where its requests begin. So it knows only a small part of HTTP/1.1,
// in which there is one reading, and keeps to a connection only as long as all requests on it were of
// that part: what comes after one that was not goes to net/http until the connection ends.
package front
