// Package jsontext reads and writes JSON as text where millions of values pass: it checks
// and cuts what comes in without building anything from it, and appends what goes out.
package jsontext
