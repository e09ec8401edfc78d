package api

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// pathOf is the path of a base URL, "" where it has none, without a slash at its end.
func pathOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

// relative is the request as seen from the base URL: without the path of that, where it begins with it.
func (s *Server) relative(r *http.Request) *http.Request {
	rest, ok := strings.CutPrefix(r.URL.Path, s.prefix)
	if s.prefix == "" || !ok || !strings.HasPrefix(rest, "/") {
		return r
	}
	short, u := *r, *r.URL
	short.URL = &u
	u.Path, u.RawPath = rest, strings.TrimPrefix(u.RawPath, s.prefix)
	return &short
}

// base is the address under which the caller reaches the service: the configured
// one, else what the request's Host says, or the forwarding headers of a proxy that is trusted.
func (s *Server) base(c echo.Context) string {
	if s.cfg.BaseURL != "" {
		return strings.TrimRight(s.cfg.BaseURL, "/")
	}
	r := c.Request()
	scheme, host, prefix := "http", r.Host, ""
	if r.TLS != nil {
		scheme = "https"
	}
	if s.trusted(r) {
		if p := forwarded(r, "X-Forwarded-Proto"); p == "http" || p == "https" {
			scheme = p
		}
		if h := forwarded(r, "X-Forwarded-Host"); hostPattern.MatchString(h) {
			host = h
		}
		if p := forwarded(r, "X-Forwarded-Prefix"); prefixPattern.MatchString(p) && !strings.Contains(p, "..") {
			prefix = strings.TrimRight(p, "/")
		}
	}
	return scheme + "://" + host + prefix
}

var (
	hostPattern   = regexp.MustCompile(`^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)
	prefixPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]{1,100}){1,10}/?$`)
)

// trusted says whether a request comes from a proxy whose headers are believed.
func (s *Server) trusted(r *http.Request) bool {
	if len(s.cfg.Proxies) == 0 {
		return false
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && slices.ContainsFunc(s.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(from.Addr().Unmap()) })
}

// forwarded is the last value of a forwarding header, which is the one that the nearest proxy wrote.
func forwarded(r *http.Request, name string) string {
	values := strings.Split(strings.Join(r.Header.Values(name), ","), ",")
	return strings.TrimSpace(values[len(values)-1])
}

// openTo says in the headers which pages may read the answer.
func (s *Server) openTo(r *http.Request, h http.Header) {
	if len(s.cfg.Origins) == 0 || slices.Contains(s.cfg.Origins, "*") {
		h.Set("Access-Control-Allow-Origin", "*")
		return
	}
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); slices.Contains(s.cfg.Origins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
	}
}
