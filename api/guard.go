package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/geo"
)

// guard sets the headers that every answer carries and refuses what a page of
// another origin makes a browser send: reading is open to all origins, writing is not.
func (s *Server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	origin := http.NewCrossOriginProtection()
	return func(c echo.Context) (err error) {
		defer s.caught(c, &err)
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "ETag, Link, Location")
		r := c.Request()
		if r.URL.Path != "/locate" { // answers only, and writes nothing
			if err := origin.Check(r); err != nil {
				return geo.Errorf("cross_origin", "不接受来自其他网站页面的写请求", "a page of another site may not write here")
			}
		}
		if r.ContentLength != 0 {
			if err := paced(c.Response(), r, s.pace); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// caught turns a panic into an error, which becomes a problem. An answer that had
// begun is broken off, so that nobody takes it for whole.
func (s *Server) caught(c echo.Context, err *error) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause != http.ErrAbortHandler {
		s.log.Error("a handler panicked", "route", c.Path(), "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	}
	if cause == http.ErrAbortHandler || c.Response().Committed {
		panic(http.ErrAbortHandler)
	}
	*err = fmt.Errorf("panic: %v", cause)
}

// keyed lets only the holder of the administrator's key through, where there is one.
func (s *Server) keyed(next echo.HandlerFunc) echo.HandlerFunc {
	want := sha256.Sum256([]byte(s.cfg.AdminKey))
	return func(c echo.Context) error {
		if s.cfg.AdminKey == "" {
			return next(c)
		}
		scheme, key, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(key)))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return geo.Errorf("key_required", "此操作需要管理员密钥：Authorization: Bearer <密钥>", "this needs the administrator's key: Authorization: Bearer <key>")
		}
		return next(c)
	}
}
