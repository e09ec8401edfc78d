import type { Position } from './datum';
import { finite, list, members, optional, ShapeError, someOf } from './decode';

/** Degrees: west, south, east, north. */
export type Bound = readonly [west: number, south: number, east: number, north: number];

export type Ring = readonly Position[];

/** What features of the service have: a point, or polygons as lists of rings. */
export type Geometry =
  | { type: 'Point'; position: Position }
  | { type: 'MultiPolygon'; polygons: readonly (readonly Ring[])[] };

/** Reads a GeoJSON geometry of the types that collections have. */
export function readGeometry(value: unknown): Geometry {
  const { type, coordinates } = members(value);
  switch (type) {
    case 'Point':
      return { type, position: readPosition(coordinates) };
    case 'Polygon':
      return { type: 'MultiPolygon', polygons: [readRings(coordinates)] };
    case 'MultiPolygon':
      return { type, polygons: list(readRings)(coordinates) };
    default:
      throw new ShapeError('a point or polygon');
  }
}

function readRings(value: unknown): Ring[] {
  return someOf(list(readPosition))(value);
}

function readPosition(value: unknown): Position {
  const [lon, lat] = list(optional(finite))(value);
  if (lon === undefined || lat === undefined) throw new ShapeError('a position');
  return [lon, lat];
}

/** The box around a geometry, undefined where it has no position at all. */
export function boundOf(geometry: Geometry): Bound | undefined {
  const positions = geometry.type === 'Point' ? [geometry.position] : geometry.polygons.flat(2);
  if (positions.length === 0) return undefined;
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of positions) {
    west = Math.min(west, lon);
    east = Math.max(east, lon);
    south = Math.min(south, lat);
    north = Math.max(north, lat);
  }
  return [west, south, east, north];
}

/**
 * Heights at which a polygon is cut to look for a wide place, as parts of its box.
 * They are odd so that no cut runs along a side of a polygon drawn on a regular grid.
 */
const cuts = [0.4871, 0.3637, 0.6113, 0.2391, 0.7409, 0.1173, 0.8839];

/**
 * A position inside the geometry, well away from its sides: the middle of the
 * longest run inside among a few cuts along parallels. Undefined where no cut runs inside.
 */
export function interiorOf(geometry: Geometry): Position | undefined {
  if (geometry.type === 'Point') return geometry.position;
  let best: { width: number; position: Position } | undefined;
  for (const rings of geometry.polygons) {
    for (const run of runsInside(rings)) {
      if (!best || run.width > best.width) best = run;
    }
  }
  return best?.position;
}

function* runsInside(rings: readonly Ring[]): Generator<{ width: number; position: Position }> {
  const bound = boundOf({ type: 'MultiPolygon', polygons: [rings] });
  if (!bound) return;
  const [, south, , north] = bound;
  for (const cut of cuts) {
    const lat = south + (north - south) * cut;
    const crossings = rings.flatMap((ring) => crossingsOf(ring, lat)).sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [from = 0, to = 0] = crossings.slice(i, i + 2);
      yield { width: to - from, position: [(from + to) / 2, lat] };
    }
  }
}

/** Longitudes where a ring crosses a parallel; a vertex on the parallel counts as above it. */
function crossingsOf(ring: Ring, lat: number): number[] {
  const crossings: number[] = [];
  for (let i = 0; i < ring.length; i++) {
    const a = ring[i];
    const b = ring[(i + 1) % ring.length];
    if (!a || !b || a[1] >= lat === b[1] >= lat) continue;
    crossings.push(a[0] + ((lat - a[1]) / (b[1] - a[1])) * (b[0] - a[0]));
  }
  return crossings;
}
