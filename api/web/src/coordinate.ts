/** A coordinate as typed: degrees, and whether it was written with the latitude first. */
export interface Coordinate {
  lon: number;
  lat: number;
  swapped: boolean;
}

/** What a line in the search box stands for. */
export type Query =
  | { kind: 'coordinate'; coordinate: Coordinate }
  | { kind: 'code'; code: string }
  | { kind: 'unreadable' }
  | { kind: 'outOfRange' }
  | { kind: 'empty' };

/** The longest line that is read at all; a code of the service is far shorter. */
export const longestQuery = 200;

const part = String.raw`([NSEW]?)\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*°?(?:\s*(\d+(?:\.\d*)?)\s*['′]\s*)?(?:(\d+(?:\.\d*)?)\s*["″]\s*)?\s*([NSEW]?)`;
const pair = new RegExp(String.raw`^${part}(?:\s*[,;、]\s*|\s+)${part}$`);

/**
 * Reads a line: two numbers are a coordinate, in the order lon, lat; anything
 * else without a space or comma is a code. Decimal degrees and degrees, minutes and seconds
 * are read, with hemisphere letters or 东经/北纬, half and full width alike.
 * The latitude may stand first where letters say so or where the second number, above 90,
 * can only be a longitude.
 */
export function readQuery(line: string): Query {
  const text = normalise(line);
  if (text === '') return { kind: 'empty' };
  if (text.length > longestQuery) return { kind: 'unreadable' };
  const match = pair.exec(text.toUpperCase());
  if (match) return readPair(match);
  // A comma or a space cannot stand in a code, so this was meant as a coordinate.
  return /[\s,;、]/.test(text) ? { kind: 'unreadable' } : { kind: 'code', code: text };
}

/** Half-width characters, one sign each for degree, minute and second, letters for the compass. */
function normalise(line: string): string {
  return line
    .slice(0, 4 * longestQuery)
    .normalize('NFKC')
    .replace(/东经/g, 'E')
    .replace(/西经/g, 'W')
    .replace(/北纬/g, 'N')
    .replace(/南纬/g, 'S')
    .replace(/[度º]/g, '°')
    .replace(/[分’‘`]/g, '′')
    .replace(/[秒”“]/g, '″')
    .replace(/''|′′/g, '″')
    .replace(/−/g, '-')
    .trim();
}

interface Angle {
  degrees: number;
  axis: 'lon' | 'lat' | undefined;
}

function readPair(match: RegExpExecArray): Query {
  const first = readAngle(match.slice(1, 6));
  const second = readAngle(match.slice(6, 11));
  if (!first || !second || (first.axis !== undefined && first.axis === second.axis)) return { kind: 'unreadable' };
  const swapped = latitudeFirst(first, second);
  const [lon, lat] = swapped ? [second.degrees, first.degrees] : [first.degrees, second.degrees];
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90) return { kind: 'outOfRange' };
  return { kind: 'coordinate', coordinate: { lon, lat, swapped } };
}

function latitudeFirst(first: Angle, second: Angle): boolean {
  if (first.axis || second.axis) return first.axis === 'lat' || second.axis === 'lon';
  return Math.abs(second.degrees) > 90 && Math.abs(first.degrees) <= 90;
}

function readAngle(groups: string[]): Angle | undefined {
  const [before = '', degrees = '', minutes = '0', seconds = '0', after = ''] = groups;
  const letter = before || after;
  if (before && after) return undefined;
  const fraction = Number(minutes) / 60 + Number(seconds) / 3600;
  if (Number(minutes) >= 60 || Number(seconds) >= 60) return undefined;
  const south = letter === 'S' || letter === 'W' || degrees.startsWith('-');
  const size = Math.abs(Number(degrees)) + fraction;
  return { degrees: south ? -size : size, axis: axisOf(letter) };
}

function axisOf(letter: string): Angle['axis'] {
  if (letter === '') return undefined;
  return letter === 'E' || letter === 'W' ? 'lon' : 'lat';
}
