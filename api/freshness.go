package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/data/batch"
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
	return s.held(c, etag, "no-cache")
}

// held is unchanged with the Cache-Control that the answer is to have. The ETag of an answer that is packed is another
// one than that of the plain answer.
func (s *Server) held(c echo.Context, etag, caching string) (done bool, err error) {
	h := c.Response().Header()
	if p, ok := c.Get(packingKey).(batch.Packing); ok {
		etag = strings.TrimSuffix(etag, `"`) + "-" + string(p) + `"`
	}
	h.Set("ETag", etag)
	h.Set("Cache-Control", caching)
	if !matches(c.Request().Header.Get("If-None-Match"), etag) {
		return false, nil
	}
	return true, c.NoContent(http.StatusNotModified)
}

// hashed answers with a JSON document that depends on who asks, under an ETag over its bytes.
func (s *Server) hashed(c echo.Context, doc any) error {
	body, err := marshal(doc)
	if err != nil {
		return err
	}
	if done, err := s.held(c, s.etag(string(body)), keptPrivate); done {
		return err
	}
	return c.JSONBlob(http.StatusOK, body)
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
