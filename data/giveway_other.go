//go:build !linux

package data

// giveWay does nothing where threads have no priorities of their own.
func giveWay() {}
