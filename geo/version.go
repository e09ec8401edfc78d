package geo

import "time"

// State is what has become of a version.
type State string

const (
	Draft      State = "draft"
	Published  State = "published"
	Superseded State = "superseded"
	Discarded  State = "discarded"
)

// Version is one numbered edition of one collection in one division.
type Version struct {
	// ID is a random UUID: two stores that each made a version 57 can be told apart.
	ID         string     `json:"id"`
	Collection Collection `json:"collection"`
	Division   Division   `json:"division"`
	// Number counts from 1 within collection and division, in the order of
	// publishing. A draft has the number 0.
	Number int   `json:"number"`
	State  State `json:"state"`
	// Base is the number of the version that the draft was compared with, 0 for none.
	Base   int    `json:"base"`
	Author string `json:"author,omitempty"`
	// Created is when the draft was made, Published when it went live (zero for a draft).
	Created   time.Time `json:"created"`
	Published time.Time `json:"published,omitzero"`
	Source    Source    `json:"source"`
	// Features counts what the version holds; Warnings what its checks listed.
	Features int `json:"features"`
	Warnings int `json:"warnings"`
	// Checksum is the hex SHA-256 over the features in order of code, see Checksum.
	Checksum string `json:"checksum"`
}

// Source says which file a version was read from and how.
type Source struct {
	File     string `json:"file"`
	SHA256   string `json:"sha256"`
	Layer    string `json:"layer,omitempty"`
	CRS      string `json:"crs,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Records  int    `json:"records"`
	// Notice declares what the data is, such as that it is synthetic; it is shown
	// wherever the data is.
	Notice string `json:"notice,omitempty"`
}
