/** The datums in which positions are exchanged; wgs84 stands for CGCS2000 as well. */
export type Datum = 'wgs84' | 'gcj02' | 'bd09';

export const datums: readonly Datum[] = ['wgs84', 'gcj02', 'bd09'];

/** Degrees, longitude first. */
export type Position = readonly [lon: number, lat: number];

/** Whether a text names a datum. */
export function isDatum(text: string): text is Datum {
  return (datums as readonly string[]).includes(text);
}

/** The position in a datum of a point given in WGS 84. */
export function shiftTo(datum: Datum, position: Position): Position {
  switch (datum) {
    case 'wgs84':
      return position;
    case 'gcj02':
      return gcj02(position);
    case 'bd09':
      return bd09(gcj02(position));
  }
}

/**
 * The WGS 84 position of a point given in a datum. The forward shift is undone
 * by fixed-point steps, which converge to far below a millimetre since the shift
 * changes by less than one part in a thousand over its own length.
 */
export function shiftFrom(datum: Datum, position: Position): Position {
  if (datum === 'wgs84') return position;
  let guess = position;
  for (let step = 0; step < 8; step++) {
    const [lon, lat] = shiftTo(datum, guess);
    guess = [guess[0] - (lon - position[0]), guess[1] - (lat - position[1])];
  }
  return guess;
}

// The published GCJ-02 shift works on the Krasovsky 1940 ellipsoid around 105°E 35°N.
const semiMajorAxis = 6378245;
const eccentricitySquared = 0.006693421622965943;
const origin: Position = [105, 35];

/** GCJ-02 is defined in and around China only; elsewhere maps use WGS 84 as it is. */
function shifted([lon, lat]: Position): boolean {
  return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

function gcj02(position: Position): Position {
  if (!shifted(position)) return position;
  const [lon, lat] = position;
  const x = lon - origin[0];
  const y = lat - origin[1];
  const phi = radians(lat);
  const w = 1 - eccentricitySquared * Math.sin(phi) ** 2;
  const meridian = (semiMajorAxis * (1 - eccentricitySquared)) / w ** 1.5;
  const parallel = (semiMajorAxis / Math.sqrt(w)) * Math.cos(phi);
  return [lon + degrees(eastMetres(x, y) / parallel), lat + degrees(northMetres(x, y) / meridian)];
}

function eastMetres(x: number, y: number): number {
  return (
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    ripple(x) +
    wave(20, x, 1) +
    wave(40, x, 1 / 3) +
    wave(150, x, 1 / 12) +
    wave(300, x, 1 / 30)
  );
}

function northMetres(x: number, y: number): number {
  return (
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    ripple(x) +
    wave(20, y, 1) +
    wave(40, y, 1 / 3) +
    wave(160, y, 1 / 12) +
    wave(320, y, 1 / 30)
  );
}

/** The short waves along the longitude, the same in both directions. */
function ripple(x: number): number {
  return wave(20, x, 6) + wave(20, x, 2);
}

/** Two thirds of an amplitude in metres times the sine of a multiple of half turns. */
function wave(amplitude: number, along: number, halfTurns: number): number {
  return (2 / 3) * amplitude * Math.sin(along * halfTurns * Math.PI);
}

function bd09([lon, lat]: Position): Position {
  const step = (Math.PI * 3000) / 180;
  const radius = Math.hypot(lon, lat) + 0.00002 * Math.sin(lat * step);
  const angle = Math.atan2(lat, lon) + 0.000003 * Math.cos(lon * step);
  return [radius * Math.cos(angle) + 0.0065, radius * Math.sin(angle) + 0.006];
}

function radians(angle: number): number {
  return (angle * Math.PI) / 180;
}

function degrees(angle: number): number {
  return (angle * 180) / Math.PI;
}
