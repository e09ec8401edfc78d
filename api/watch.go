package api

import (
	"towngrid/data"
	"towngrid/geo/snapshot"
)

// The Server follows what goes live.
var _ data.Watcher = (*Server)(nil)

// Coming readies the tiles of a snapshot that is about to go live.
func (s *Server) Coming(old, next *snapshot.Snapshot) { s.tiles.Follow(old, next) }

// Live is called once a snapshot is live.
func (s *Server) Live(_, _ *data.View) {}
