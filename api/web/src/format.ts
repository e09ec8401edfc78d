import type { Words } from './words';

const squareMetresOfHectare = 10_000;
const squareMetresOfMu = 2000 / 3;

/** A number with grouped digits and at most the given decimals, without trailing zeros. */
export function number(value: number, decimals = 2): string {
  if (!Number.isFinite(value)) return '—';
  // Rounding −0.001 must not leave a lonely minus sign.
  const rounded = Number(value.toFixed(decimals)) + 0;
  return rounded.toLocaleString('en-US', { maximumFractionDigits: decimals });
}

/** A distance in metres for people: centimetres below ten metres, metres below one kilometre, kilometres above. */
export function distance(metres: number, words: Words): string {
  const length = Math.abs(metres);
  if (length < 10) return `${number(length, 2)} ${words.map.metres}`;
  if (length < 999.5) return `${number(length, 0)} ${words.map.metres}`;
  return `${number(length / 1000, length < 99_950 ? 1 : 0)} ${words.map.kilometres}`;
}

/** A value with its unit; areas of one hectare and more are given in hectares, in Chinese with 亩 beside them. */
export function quantity(value: number, unit: string, words: Words): string {
  return inUnit(unit, value, words, (size, _scale, decimals) => number(size, decimals));
}

/** Two values with one unit behind them; a single value where both are the same. */
export function range(min: number, max: number, unit: string, words: Words): string {
  if (min === max) return quantity(min, unit, words);
  return inUnit(
    unit,
    max,
    words,
    (high, scale, decimals) => `${number(min / scale, decimals)}–${number(high, decimals)}`,
  );
}

/** Writes a value in the unit that suits its size; write is told the value in that unit, the unit's size and its decimals. */
function inUnit(
  unit: string,
  value: number,
  words: Words,
  write: (value: number, scale: number, decimals: number) => string,
): string {
  const whole = (size: number, decimals: number) => write(value / size, size, decimals);
  if (unit === 'm²' && Math.abs(value) >= squareMetresOfHectare) {
    const hectares = `${whole(squareMetresOfHectare, 2)} ${words.map.hectares}`;
    return words.tag === 'en' ? hectares : `${hectares}（${whole(squareMetresOfMu, 0)} 亩）`;
  }
  const suffix = Object.hasOwn(words.unitsOfMeasure, unit) ? words.unitsOfMeasure[unit] : unit;
  return suffix ? `${whole(1, 2)} ${suffix}` : whole(1, 2);
}

/** Degrees as lon, lat with six decimals, which is about 0.1 m. */
export function coordinate(lon: number, lat: number): string {
  return `${lon.toFixed(6)}, ${lat.toFixed(6)}`;
}

/** The longest name and the longest sentence of the data that are shown, in characters. */
const longestName = 200;
const longestSentence = 1000;

/**
 * A name or value of the data made fit to show: characters that are not seen but act
 * (controls, directional overrides, zero-width marks) are shown as a hollow square,
 * and what is very long is cut. Markup is left as it is: it is only ever inserted as text.
 */
export function shown(name: string): string {
  return showable(name, longestName);
}

/** A sentence of the service made fit to show, as a name is, but longer. */
export function told(sentence: string): string {
  return showable(sentence, longestSentence);
}

function showable(text: string, longest: number): string {
  // A character has at most two code units, so the rest of a longer text need not be looked at.
  const letters = [...text.slice(0, 2 * longest + 2)];
  const cut = letters.length > longest ? [...letters.slice(0, longest), '…'] : letters;
  return cut.map((letter) => (unseen.test(letter) ? '▯' : letter)).join('');
}

const unseen = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
