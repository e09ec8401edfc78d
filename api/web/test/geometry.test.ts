import { describe, expect, it } from 'vitest';
import type { Position } from '../src/datum';
import { ShapeError } from '../src/decode';
import { boundOf, type Geometry, interiorOf, readGeometry } from '../src/geometry';

const square = [
  [0, 0],
  [4, 0],
  [4, 4],
  [0, 4],
  [0, 0],
];
const hole = [
  [1, 1],
  [1, 3],
  [3, 3],
  [3, 1],
  [1, 1],
];

function polygon(...rings: unknown[]): Geometry {
  return readGeometry({ type: 'Polygon', coordinates: rings });
}

describe('a geometry', () => {
  it('is read from GeoJSON, heights left aside', () => {
    expect(readGeometry({ type: 'Point', coordinates: [118.9, 29, 12] })).toEqual({
      type: 'Point',
      position: [118.9, 29],
    });
    expect(readGeometry({ type: 'MultiPolygon', coordinates: [[square], [hole]] })).toMatchObject({
      polygons: [[square], [hole]],
    });
  });

  it.each([
    { type: 'LineString', coordinates: [] },
    { type: 'Point', coordinates: [1] },
    { type: 'Point', coordinates: ['1', '2'] },
    { type: 'Point' },
    { type: 'MultiPolygon', coordinates: 7 },
    {},
    'Point',
    [],
  ])('%j is refused', (value) => {
    expect(() => readGeometry(value)).toThrow(ShapeError);
  });
});

describe('the bound', () => {
  it('holds every position', () => {
    expect(boundOf(polygon(square, hole))).toEqual([0, 0, 4, 4]);
    expect(boundOf({ type: 'Point', position: [118.9, 29] })).toEqual([118.9, 29, 118.9, 29]);
    expect(boundOf({ type: 'MultiPolygon', polygons: [] })).toBeUndefined();
  });

  it('is found for very many positions', () => {
    const ring = Array.from({ length: 500_000 }, (_, i): Position => [i / 1e6, i / 2e6]);
    expect(boundOf({ type: 'MultiPolygon', polygons: [[ring]] })).toEqual([0, 0, 0.499999, 0.2499995]);
  });
});

describe('the interior', () => {
  it('is the point itself for a point', () => {
    expect(interiorOf({ type: 'Point', position: [1, 2] })).toEqual([1, 2]);
  });

  it('keeps out of holes', () => {
    const at = interiorOf(polygon(square, hole)) ?? [2, 2];
    expect(inside(square as [number, number][], at)).toBe(true);
    expect(Math.max(Math.abs(at[0] - 2), Math.abs(at[1] - 2))).toBeGreaterThan(1.01);
  });

  it('keeps inside a horseshoe', () => {
    const horseshoe = [
      [0, 0],
      [10, 0],
      [10, 10],
      [8, 10],
      [8, 2],
      [2, 2],
      [2, 10],
      [0, 10],
      [0, 0],
    ];
    const at = interiorOf(polygon(horseshoe));
    expect(at).toBeDefined();
    expect(inside(horseshoe as [number, number][], at ?? [5, 5])).toBe(true);
  });

  it('is inside star-shaped polygons from a seed', () => {
    const seed = 20260101;
    const random = mulberry(seed);
    for (let round = 0; round < 300; round++) {
      const corners = 5 + Math.floor(random() * 40);
      const ring = Array.from({ length: corners }, (_, i): [number, number] => {
        const angle = (2 * Math.PI * i) / corners;
        const radius = 0.2 + random();
        return [118.9 + radius * Math.cos(angle), 29 + radius * Math.sin(angle)];
      });
      const at = interiorOf(polygon(ring));
      expect(at && inside(ring, at), `seed ${seed}, round ${round}`).toBe(true);
    }
  });

  it('is nowhere in nothing', () => {
    expect(interiorOf({ type: 'MultiPolygon', polygons: [] })).toBeUndefined();
    expect(interiorOf({ type: 'MultiPolygon', polygons: [[]] })).toBeUndefined();
  });
});

/** The winding of a ring around a position, by the sum of angles: slow, and written differently from what it judges. */
function inside(ring: readonly [number, number][], [x, y]: Position): boolean {
  let turned = 0;
  ring.forEach(([ax, ay], i) => {
    const [bx, by] = ring[(i + 1) % ring.length] ?? [ax, ay];
    const [ux, uy, vx, vy] = [ax - x, ay - y, bx - x, by - y];
    turned += Math.atan2(ux * vy - uy * vx, ux * vx + uy * vy);
  });
  return Math.abs(turned) > Math.PI;
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
