package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/geo"
)

// guard sets the headers that every answer carries and refuses what a page of
// another origin makes a browser send: reading is open to all origins, writing is not.
func (s *Server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	origin := http.NewCrossOriginProtection()
	// The values are shared by all answers: a header is set or taken away, never changed in place.
	nosniff := []string{"nosniff"}
	exposed := []string{"ETag, Link, Location, Towngrid-Versions, Towngrid-Snapshot, Towngrid-Data-Age"}
	return func(c echo.Context) (err error) {
		defer s.caught(c, &err)
		h := c.Response().Header()
		h["X-Content-Type-Options"], h["Access-Control-Expose-Headers"] = nosniff, exposed
		s.openTo(c.Request(), h)
		r := c.Request()
		if r.Method == http.MethodOptions { // a browser asks what it may send
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Content-Type, Content-Encoding, If-None-Match, Last-Event-ID")
			h.Set("Access-Control-Max-Age", "86400")
			return c.NoContent(http.StatusNoContent)
		}
		switch r.URL.Path {
		case "/locate", "/within", "/along", "/compliance/whatif": // answer only, and write nothing
		default:
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

// holdsKey says whether a request carries the administrator's key. Where there is
// none, everybody on this machine holds it.
func (s *Server) holdsKey(r *http.Request) bool {
	if s.cfg.AdminKey == "" {
		return true
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256([]byte(s.cfg.AdminKey)), sha256.Sum256([]byte(strings.TrimSpace(key)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// localHost says whether a request asks for this machine by a name that no page of
// another site can make its own: without a key, a name that an attacker's server
// resolves to this machine (DNS rebinding) must not open the planner's routes.
func (s *Server) localHost(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil && ip.IsLoopback() || host == "localhost" {
		return true
	}
	base, err := url.Parse(s.cfg.BaseURL)
	return err == nil && base.Hostname() != "" && strings.EqualFold(base.Hostname(), host)
}

// keyed lets only the holder of the administrator's key through. The answers are not
// for pages of other sites.
func (s *Server) keyed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Del("Access-Control-Allow-Origin")
		if s.cfg.AdminKey == "" && !s.localHost(c.Request()) {
			return geo.Errorf("cross_origin",
				"未设置管理员密钥时，此地址只能以 localhost 或 127.0.0.1 访问", "without an administrator's key this address is reached as localhost or 127.0.0.1 only")
		}
		if !s.holdsKey(c.Request()) {
			return geo.Errorf("key_required", "此操作需要管理员密钥：Authorization: Bearer 密钥", "this needs the administrator's key: Authorization: Bearer KEY")
		}
		return next(c)
	}
}
