// Package faults holds the tests of what replicas promise when their database is slow,
// gone, killed, replaced or older than it was. They run PostgreSQL themselves. The short
// form runs with all tests; TOWNGRID_LONG=1 asks for the numbers that the promises are
// made in, which takes two hours.
package faults
