import { describe, expect, it } from 'vitest';
import { datums, isDatum, type Position, shiftFrom, shiftTo } from '../src/datum';

/** About a tenth of a millimetre. */
const digits = 9;

function expectClose(got: Position, wanted: Position, decimals = digits): void {
  expect(got[0]).toBeCloseTo(wanted[0], decimals);
  expect(got[1]).toBeCloseTo(wanted[1], decimals);
}

describe('GCJ-02', () => {
  it.each<[Position, Position]>([
    [
      [121.5272106, 31.1774276],
      [121.531541859215, 31.17530398364597],
    ],
    [
      [113.912316, 22.543847],
      [113.9171764808363, 22.540796131694766],
    ],
    [
      [116.377817, 39.911954],
      [116.38404722455657, 39.91334545536069],
    ],
  ])('shifts %j as published', (wgs84, gcj02) => {
    expectClose(shiftTo('gcj02', wgs84), gcj02);
    expectClose(shiftFrom('gcj02', gcj02), wgs84);
  });

  it('leaves the rest of the world alone', () => {
    expect(shiftTo('gcj02', [2.35, 48.85])).toEqual([2.35, 48.85]);
    expect(shiftFrom('gcj02', [2.35, 48.85])).toEqual([2.35, 48.85]);
  });
});

describe('every datum', () => {
  it.each(datums)('%s is undone over all of China', (datum) => {
    for (let lon = 74; lon <= 135; lon += 3.7) {
      for (let lat = 4; lat <= 53; lat += 2.9) {
        expectClose(shiftFrom(datum, shiftTo(datum, [lon, lat])), [lon, lat]);
      }
    }
  });

  it('has a name', () => {
    expect(isDatum('bd09')).toBe(true);
    expect(isDatum('BD09')).toBe(false);
    expect(isDatum('toString')).toBe(false);
  });
});

describe('BD-09', () => {
  it('lies about 1.2 km from WGS 84 at 29°N, to the north-east of GCJ-02', () => {
    const at: Position = [118.9, 29];
    const [gcjLon, gcjLat] = shiftTo('gcj02', at);
    const [bdLon, bdLat] = shiftTo('bd09', at);
    expect((bdLon - gcjLon) * 97_000).toBeGreaterThan(500);
    expect((bdLat - gcjLat) * 111_000).toBeGreaterThan(500);
    expect(Math.hypot((bdLon - at[0]) * 97_000, (bdLat - at[1]) * 111_000)).toBeLessThan(1500);
  });
});
