package tiles

import "context"

// ThinBelow is the zoom below which of points in one pixel only the first is in a tile: of labels the one of
// the lowest rank, of points one of each kind, of several the one with the lowest code.
const ThinBelow = 14

// pixelBits is the size of a pixel for that: 8 by 8 squares, one of a map that draws a tile with 512.
const pixelBits = 3

// pixels are those of a tile that are taken.
type pixels struct {
	taken squareMap
	kinds []string
}

// reset empties the pixels for so many points.
func (p *pixels) reset(n int) {
	p.taken.reset(n)
	p.kinds = p.kinds[:0]
}

// kind is the number of a kind.
func (p *pixels) kind(name string) uint32 {
	for k, known := range p.kinds {
		if known == name {
			return uint32(k)
		}
	}
	p.kinds = append(p.kinds, name)
	return uint32(len(p.kinds) - 1)
}

// key numbers the pixel of a square for a kind.
func (s square) pixel(kind uint32) uint32 {
	x, y := uint32(s.x+Buffer)>>pixelBits, uint32(s.y+Buffer)>>pixelBits
	return (kind*(hotSide>>pixelBits+1)+y)*(hotSide>>pixelBits+1) + x
}

// points draws the collection's points.
func (w *desk) points(ctx context.Context) error {
	kind := -1 // its column
	for i, column := range columnsOf(w.shown[0].pic.collection) {
		if column.Name == "kind" {
			kind = i
		}
	}
	w.pixels.reset(len(w.shown))
	return w.each(ctx, func(s *shown) {
		at := s.at.vertex(s.points[s.slot])
		if !w.plotter.window.holds(box{at.x, at.y, at.x, at.y}) {
			return
		}
		p := w.plotter.hot.square(at)
		if w.zoom < ThinBelow {
			number := uint32(0)
			if kind >= 0 {
				number = w.pixels.kind(s.value(kind))
			}
			if _, taken := w.pixels.taken.put(p.pixel(number), 0); taken {
				return
			}
		}
		w.layer.point(p)
		w.end(s, pointShape)
	})
}

// labels draws the label points that lie in the tile itself, without its buffer, so that
// each label is in exactly one tile of a zoom. Features that are merged have none.
func (w *desk) labels(ctx context.Context) error {
	w.pixels.reset(len(w.shown))
	if w.zoom < ThinBelow {
		err := w.eachLabel(ctx, func(n int, p square, l *label) {
			if old, taken := w.pixels.taken.put(p.pixel(0), int32(n)); taken && w.labelOf(int(old)).zoom <= l.zoom {
				w.pixels.taken.put(p.pixel(0), old)
			}
		})
		if err != nil {
			return err
		}
	}
	return w.eachLabel(ctx, func(n int, p square, l *label) {
		if w.zoom < ThinBelow {
			if first, _ := w.pixels.taken.put(p.pixel(0), int32(n)); int(first) != n {
				w.pixels.taken.put(p.pixel(0), first)
				return
			}
		}
		s := &w.shown[n]
		w.layer.point(p)
		for column, v := range [...]string{s.value(0), s.value(1), l.rank, l.size} {
			w.layer.tag(column, v)
		}
		w.layer.end(s.ids[s.slot], pointShape)
	})
}

// eachLabel calls f with the labels in the tile, numbered as the features shown.
func (w *desk) eachLabel(ctx context.Context, f func(n int, p square, l *label)) error {
	frame := w.plotter.frame
	for n := range w.shown {
		if n%patience == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !w.shown[n].alone {
			continue
		}
		l := w.labelOf(n)
		p := w.plotter.hot.square(vertex{l.at.x - frame.x, l.at.y - frame.y})
		if p.x >= 0 && p.x < Extent && p.y >= 0 && p.y < Extent {
			f(n, p, l)
		}
	}
	return nil
}

func (w *desk) labelOf(n int) *label {
	s := &w.shown[n]
	return s.pic.label(s.part, s.block, s.i, s.slot)
}
