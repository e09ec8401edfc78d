package postgis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is what a publish notifies.
const channel = "towngrid_published"

// Listen calls hint after each publish, and once it listens, until ctx has ended or the
// connection breaks. One connection of its own serves it. A connection that says nothing
// is asked now and then whether it is there.
func (s *Store) Listen(ctx context.Context, hint func()) error {
	cfg := s.listen.Copy()
	s.hosts.order(cfg)
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("listen: %w", classify(ctx, err))
	}
	defer func() {
		end, stop := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Answer)
		defer stop()
		_ = conn.Close(end)
	}()
	err = within(ctx, s.opts.Answer, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "LISTEN "+channel)
		return err
	})
	for err == nil {
		hint()
		err = s.await(ctx, conn)
	}
	return fmt.Errorf("listen: %w", classify(ctx, broken(conn, err)))
}

// await returns when there is a notification.
func (s *Store) await(ctx context.Context, conn *pgx.Conn) error {
	for {
		err := within(ctx, 5*time.Second, func(ctx context.Context) error {
			_, err := conn.WaitForNotification(ctx)
			return err
		})
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) || conn.IsClosed() {
			return err
		}
		if err := within(ctx, s.opts.Answer, conn.Ping); err != nil {
			return err
		}
	}
}

// within calls f with a context that ends after d.
func within(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	return f(ctx)
}
