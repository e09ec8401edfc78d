package gpkg

import (
	"fmt"
	"strings"
	"time"
)

// where gathers the conditions of a query. Only constants become part of its text.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// andMoment adds a condition whose first argument is a moment.
func (w *where) andMoment(condition string, t time.Time, args ...any) error {
	at, err := micros(t)
	w.and(condition, append([]any{at}, args...)...)
	return err
}

// String is the clause, "" for no condition.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(w.conditions, " AND ")
}

// limited is the clause that yields at most n rows, all for n = 0.
func limited(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" LIMIT %d", n)
}
