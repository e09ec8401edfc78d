package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// control is a point known on a system's own plane and on a grid of CGCS2000, metres,
// east first.
type control struct {
	from, to orb.Point
}

// What control points have to be to carry a fit. Two would do for four parameters, but
// leave nothing that could show an error.
const (
	fewestControls = 3
	mostControls   = 1000
	leastSpread    = 100   // metres from their centre, root of the mean square
	leastBreadth   = 0.05  // of the spread, across the line that they follow most
	breadthInError = 10    // the same in terms of the largest residual
	scaleAround1   = 0.01  // no two planes in metres differ by more
	largestError   = 10    // metres; above it the system had better be read as approximate
	easternmost    = 999e6 // metres, bounds of coordinates
)

// readControl reads control points and fits the system's plane to the grid that they
// are known on. It also gives the public system that it could stand for.
func readControl(o object, f frame) (*similarity, CRS) {
	if o.has("ellipsoid") {
		o.refuse("ellipsoid", "只能与 helmert 同用", "this belongs to helmert only")
	}
	var stands CRS
	if o.has("projection") {
		stands = readFlat(o, "projection", f)
	} else if f != "" {
		o.refuse("projection", "缺少此成员：须据此辨认 .prj", "this member is missing: a .prj is recognised by it")
	}
	grid := readOnto(o, stands)
	points := readControls(o, grid)
	limit := o.number("max_residual", 1e-6, largestError)
	if *o.fault != nil {
		return nil, CRS{}
	}
	fit := fitSimilarity(grid, points)
	fit.judge(o, points, limit)
	return fit, stands.drawn()
}

// readFlat reads a projection that has to have a plane.
func readFlat(o object, name string, f frame) CRS {
	c := readProjection(o, name, f)
	if c.kind == geographic {
		o.refuse(name, "控制点拟合须用投影坐标系，而非经纬度", "a fit of control points needs a projection, not degrees")
	}
	return c
}

// readOnto reads the grid on CGCS2000 that the points are fitted to.
func readOnto(o object, stands CRS) CRS {
	c := stands
	switch {
	case o.has("onto"):
		if c = readFlat(o, "onto", ""); c.frame == wgs1984 {
			o.refuse("onto", "应为 CGCS2000 上的坐标系", "a system on CGCS2000 belongs here")
		}
	case c.kind == nowhere:
		o.refuse("onto", "缺少此成员", "this member is missing")
	}
	if *o.fault != nil {
		return CRS{}
	}
	return onGrid(china2000, c.tm.grid, 0)
}

func readControls(o object, grid CRS) (points []control) {
	list := o.objects("control_points", mostControls, "east north", "lon lat grid_east grid_north")
	if list != nil && len(list) < fewestControls {
		o.refuse("control_points", "至少需要 %d 个控制点", "at least %d control points are needed", fewestControls)
	}
	for _, p := range list {
		if *o.fault != nil {
			return nil
		}
		from := orb.Point{p.number("east", -easternmost, easternmost), p.number("north", -easternmost, easternmost)}
		points = append(points, control{from, readTarget(p, grid, o.has("onto"))})
	}
	return points
}

// readTarget reads where a control point lies on the grid, which has to have been named
// for coordinates on it to mean anything.
func readTarget(p object, grid CRS, named bool) (to orb.Point) {
	degrees := p.has("lon") || p.has("lat")
	switch onGrid := p.has("grid_east") || p.has("grid_north"); {
	case degrees == onGrid:
		p.refuse("", "须有 lon 与 lat，或 grid_east 与 grid_north", "either lon and lat or grid_east and grid_north belong here")
	case degrees:
		to[0], to[1] = grid.FromGeographic(p.number("lon", -180, 180), p.number("lat", -90, 90))
	case !named:
		p.refuse("", "有 grid_east、grid_north 时须以 onto 指明所在的网格", "with grid_east and grid_north, onto has to tell their grid")
	default:
		to = orb.Point{p.number("grid_east", -easternmost, easternmost), p.number("grid_north", -easternmost, easternmost)}
	}
	if !InChina(grid.ToGeographic(to[0], to[1])) {
		p.refuse("", "该点不在中国范围内（东经 73–136°，北纬 3–54°），请检查次序与 onto", "the point is not in China (73–136° E, 3–54° N): check the order and onto")
	}
	return to
}

// judge refuses points that do not carry the fit, and a fit that does not carry them.
// Points close together let an error of theirs grow with distance; points along one
// line would fit as well with their axes exchanged.
func (s *similarity) judge(o object, points []control, limit float64) {
	along, across := s.spread(points)
	switch {
	case !(along >= leastSpread):
		o.refuse("control_points", "控制点过于集中：应距其中心 %d 米以上", "the points are too close together: they should reach %d m from their centre", leastSpread)
	case !(across >= math.Max(leastBreadth*along, breadthInError*limit)):
		o.refuse("control_points", "控制点几乎在一条直线上", "the points lie nearly on one line")
	}
	if i, residual := s.worst(points); !(residual <= limit) {
		o.refuse("control_points["+number(float64(i))+"]", "该点的拟合残差超过 max_residual 且为各点中最大，请核对各点坐标、坐标轴次序与 onto",
			"the fit leaves this point further off than max_residual, and further than any other: check the coordinates of all, the order of axes and onto")
	}
	if !(math.Abs(s.scale()-1) <= scaleAround1) {
		o.refuse("control_points", "拟合的尺度与 1 相差过大，请检查长度单位", "the scale of the fit is far from 1: check the unit of length")
	}
}
