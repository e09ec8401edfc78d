import { describe, expect, it } from 'vitest';
import { longestQuery, readQuery } from '../src/coordinate';

function position(line: string): readonly number[] {
  const query = readQuery(line);
  if (query.kind !== 'coordinate') throw new Error(`${line} is ${query.kind}`);
  return [query.coordinate.lon, query.coordinate.lat];
}

describe('a coordinate', () => {
  it.each([
    '118.9,29.025',
    ' 118.9 , 29.025 ',
    '118.9 29.025',
    '118.9\t29.025',
    '118.9;29.025',
    '118.9，29.025',
    '１１８．９，２９．０２５',
    '118.9、29.025',
    '118.9°, 29.025°',
    '118.9E, 29.025N',
    'E118.9 N29.025',
    '东经118.9，北纬29.025',
    '118.9 e 29.025 n',
    '+118.9,+29.025',
    '118°54′0″E 29°1′30″N',
    '118°54\'0"E, 29°1\'30"N',
    "118°54'0''E, 29°1'30''N",
    '118度54分 29度1分30秒',
    '东经118°54′，北纬29°1.5′',
  ])('%j is read', (line) => {
    const [lon, lat] = position(line);
    expect(lon).toBeCloseTo(118.9, 9);
    expect(lat).toBeCloseTo(29.025, 9);
    expect(readQuery(line)).toMatchObject({ coordinate: { swapped: false } });
  });

  it.each(['29.025,118.9', 'N29.025 E118.9', '29.025N 118.9', '29.025, 118.9E'])('%j has latitude first', (line) => {
    expect(position(line)).toEqual([118.9, 29.025]);
    expect(readQuery(line)).toMatchObject({ coordinate: { swapped: true } });
  });

  it('keeps lon, lat where either order is possible', () => {
    expect(position('80,85')).toEqual([80, 85]);
    expect(position('-70.5,-33.25')).toEqual([-70.5, -33.25]);
    expect(position('70.5W 33.25S')).toEqual([-70.5, -33.25]);
    expect(position('.5 .25')).toEqual([0.5, 0.25]);
  });

  it('keeps every digit', () => {
    expect(position('118.90000000000001,29.000000000000004')).toEqual([118.90000000000001, 29.000000000000004]);
  });

  it.each(['181,29', '118,-91', '200 95', '500000,3210000'])('%j is out of range', (line) => {
    expect(readQuery(line).kind).toBe('outOfRange');
  });

  it.each([
    '118.9,',
    '118.9,29,5',
    'E118.9W, 29',
    '118.9E 29E',
    '29N 30N',
    '118°61′ 29°',
    '118,29°0′60″',
    'NaN, NaN',
    '1e2,3',
    'Infinity 0',
    '118.9,<b>',
    `${'1'.repeat(longestQuery)},2`,
  ])('%j is not read', (line) => {
    expect(readQuery(line).kind).toBe('unreadable');
  });
});

describe('a code', () => {
  it.each(['330890001004', '0701-17', 'T1', '118.9', 'constructor', '<b>', '小镇一'])('%s is one', (code) => {
    expect(readQuery(` ${code} `)).toEqual({ kind: 'code', code });
  });

  it('is read in half width', () => {
    expect(readQuery('３３０８９０')).toEqual({ kind: 'code', code: '330890' });
  });
});

describe('nothing', () => {
  it.each(['', '   ', '\u3000'])('%j is empty', (line) => {
    expect(readQuery(line)).toEqual({ kind: 'empty' });
  });

  it('takes long no time', () => {
    const started = performance.now();
    for (const line of ['1'.repeat(1e6), ' '.repeat(1e6), "118°'".repeat(1e5), '1 '.repeat(1e5)]) readQuery(line);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
