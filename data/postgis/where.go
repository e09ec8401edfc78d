package postgis

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"towngrid/data/rows"
)

// where gathers the conditions of a query. Only constants become part of its text.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition in which each ? stands for an argument.
func (w *where) and(condition string, args ...any) {
	for _, a := range args {
		w.args = append(w.args, a)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(w.args)), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// andMoment adds a condition whose first argument is a moment.
func (w *where) andMoment(condition string, t time.Time, args ...any) error {
	w.and(condition, append([]any{t}, args...)...)
	return rows.CheckMoment(t)
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
