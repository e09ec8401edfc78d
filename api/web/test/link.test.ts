import { describe, expect, it } from 'vitest';
import { linkedPosition, withPosition } from '../src/link';

describe('a shared address', () => {
  it.each([
    ['#at=118.900000,29.000000', [118.9, 29]],
    ['#map=12.5/29/118.9&at=118.9,29', [118.9, 29]],
    ['#map=12.5/29/118.9', undefined],
    ['#at=', undefined],
    ['#at=330890001004', undefined],
    ['#at=999,999', undefined],
    ['#at=%3Cscript%3E', undefined],
    ['', undefined],
  ])('%s points at %j', (fragment, wanted) => {
    expect(linkedPosition(fragment)).toEqual(wanted);
  });

  it('keeps the map’s part', () => {
    expect(withPosition('#map=12.5/29/118.9', [118.9, 29])).toBe('#map=12.5/29/118.9&at=118.900000,29.000000');
    expect(withPosition('#map=1/2/3&at=1,2', [118.9, 29])).toBe('#map=1/2/3&at=118.900000,29.000000');
    expect(withPosition('#at=1,2&map=1/2/3', undefined)).toBe('#map=1/2/3');
    expect(withPosition('', undefined)).toBe('#');
  });

  it('comes back as it went', () => {
    expect(linkedPosition(withPosition('#map=1/2/3', [-70.5, -33.25]))).toEqual([-70.5, -33.25]);
  });
});
