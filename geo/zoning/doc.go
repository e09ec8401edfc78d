// Package zoning proposes grid cells (网格): regular ones over a boundary, ones that
// follow roads, rivers and village borders, and ones that carry equal loads. It numbers
// them, says how good they are, changes published ones with care and holds any
// against the rules of grid management.
//
// Everything is made from one arrangement: lines are cut where they meet (Arrange),
// its faces are blocks, and cells are unions of blocks. So cells share their edges to
// the last bit, and there is neither gap nor overlap between them by construction.
//
// Everything here is a pure function of its input: the same plan, data and seed give
// the same cells on every machine, however many goroutines worked at it.
package zoning
