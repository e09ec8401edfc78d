package postgis

import (
	"context"
	"net"
	"slices"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// hosts remembers which of a DSN's hosts was reached last, and has it asked first: one
// that is gone without a word would keep each new connection waiting.
type hosts struct {
	mu    sync.Mutex
	leads map[[2]string]bool // which host leads to which address, as they were looked up
	last  *net.TCPAddr       // nil before the first, and for a socket of this machine
}

// watch has cfg's look-ups noted. It is called once, before connections are made.
func (h *hosts) watch(cfg *pgx.ConnConfig) {
	h.leads = map[[2]string]bool{}
	look := cfg.LookupFunc
	cfg.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		found, err := look(ctx, host)
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, address := range found {
			h.leads[[2]string{host, address}] = true
		}
		if h.last != nil {
			found = front(found, func(address string) bool { return address == h.last.IP.String() })
		}
		return found, err
	}
}

// reached notes where a connection leads to.
func (h *hosts) reached(conn *pgx.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last, _ = conn.PgConn().Conn().RemoteAddr().(*net.TCPAddr)
}

// order puts the host that was reached last before the others.
func (h *hosts) order(cfg *pgx.ConnConfig) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		return
	}
	all := front(choices(cfg), func(c *pgconn.FallbackConfig) bool {
		return int(c.Port) == h.last.Port && h.leads[[2]string{c.Host, h.last.IP.String()}]
	})
	cfg.Host, cfg.Port, cfg.TLSConfig, cfg.Fallbacks = all[0].Host, all[0].Port, all[0].TLSConfig, all[1:]
}

// choices are what connecting tries, in its order: each host, with and without TLS
// where either will do.
func choices(cfg *pgx.ConnConfig) []*pgconn.FallbackConfig {
	return append([]*pgconn.FallbackConfig{{Host: cfg.Host, Port: cfg.Port, TLSConfig: cfg.TLSConfig}}, cfg.Fallbacks...)
}

// count is how many hosts a configuration names.
func count(cfg *pgx.ConnConfig) int {
	seen := map[string]bool{}
	for _, c := range choices(cfg) {
		seen[net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))] = true
	}
	return len(seen)
}

// front is all with those that come first before the others, else in their order.
func front[T any](all []T, first func(T) bool) []T {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b T) int {
		switch {
		case first(a) == first(b):
			return 0
		case first(a):
			return -1
		}
		return 1
	})
	return all
}
