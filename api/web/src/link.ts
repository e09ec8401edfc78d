import { readQuery } from './coordinate';
import type { Position } from './datum';

/**
 * The position that a shared address points at: `at=lon,lat` in its fragment, beside
 * `map=zoom/lat/lon`, which the map keeps itself. Undefined where there is none.
 */
export function linkedPosition(fragment: string): Position | undefined {
  const at = new URLSearchParams(fragment.replace(/^#/, '')).get('at');
  const query = at === null ? undefined : readQuery(at);
  return query?.kind === 'coordinate' ? [query.coordinate.lon, query.coordinate.lat] : undefined;
}

/** The fragment with another position, or with none; the other parts stay. */
export function withPosition(fragment: string, position: Position | undefined): string {
  const parts = fragment
    .replace(/^#/, '')
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('at='));
  if (position) parts.push(`at=${position[0].toFixed(6)},${position[1].toFixed(6)}`);
  return `#${parts.join('&')}`;
}
