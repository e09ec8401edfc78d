// Package snapshot is the picture of everything published that answers all reads.
//
// A Snapshot holds one Part for each collection and division. Both are immutable:
// every read is a pure function of a snapshot and takes no lock, and publishing makes
// the next snapshot beside the old one, sharing all parts but one.
//
// Features, geometries and slices that come out of it are shared by all readers and
// must not be changed.
package snapshot
