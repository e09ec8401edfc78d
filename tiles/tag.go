package tiles

import (
	"slices"
	"strconv"
	"strings"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Tag names the editions of all that decides the bytes of such tiles: the versions of the collections on
// which they depend, and how this program makes tiles. Tiles of one tag never change.
func (r Request) Tag(s *snapshot.Snapshot) string {
	return s.Tag(r.Depends()...) + "-" + strconv.Itoa(revision)
}

// Depends are the collections whose versions decide the bytes of such tiles: the levels of
// the cells' borders come from the units.
func (r Request) Depends() []geo.Collection {
	borders := r.Content == 0 || r.Content&Borders != 0
	if borders && slices.Contains(r.Collections, geo.Cells) && !slices.Contains(r.Collections, geo.Units) {
		return append(slices.Clip(r.Collections), geo.Units)
	}
	return r.Collections
}

// ParseTag reads a tag: that of the snapshot, as Snapshot.Tag gives it, and whether this program
// makes the same tiles of it as the one that gave the tag. The error is a *geo.Error with the code "bad_tile".
func ParseTag(tag string) (data string, same bool, err error) {
	data, made, ok := strings.Cut(tag, "-")
	if !ok || len(data) != 16 || strings.Trim(data, "0123456789abcdef") != "" || len(made) > 4 || made == "" || strings.Trim(made, "0123456789") != "" {
		return "", false, geo.Errorf("bad_tile",
			"瓦片地址中的版本标记 %q 无效；请从 TileJSON 取地址", "%q in the tile's address is no tag; TileJSON has the addresses", brief(tag))
	}
	return data, made == strconv.Itoa(revision), nil
}
