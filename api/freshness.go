package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// etag is a strong ETag over what an answer is made from: the tag of the data, the
// program's version, and what was asked for. It is known before any work is done.
func (s *Server) etag(parts ...string) string {
	h := sha256.New()
	h.Write([]byte(s.cfg.Version))
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// unchanged sets the ETag and answers 304 when the caller has it already; done says
// that the answer is given.
func (s *Server) unchanged(c echo.Context, etag string) (done bool, err error) {
	h := c.Response().Header()
	h.Set("ETag", etag)
	h.Set("Cache-Control", "no-cache")
	if !matches(c.Request().Header.Get("If-None-Match"), etag) {
		return false, nil
	}
	return true, c.NoContent(http.StatusNotModified)
}

// matches says whether an If-None-Match header names the ETag, by weak comparison
// (RFC 9110, 13.1.2).
func matches(header, etag string) bool {
	if header == etag {
		return true
	}
	for _, item := range strings.Split(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}
