// Package batch matches positions by the million: rows in, rows out, streamed in input
// order and answered from one Snapshot, in memory that does not grow with their number.
//
// A Format reads the rows of NDJSON, CSV or GeoJSON. The input is cut into chunks of
// whole rows, two workers parse, match and write each, and the answers are put back in
// order. What has come in is answered at once; nobody waits for a chunk to fill up.
package batch
