import type { Language } from './language';

/**
 * Reading JSON of unknown form: what arrives is checked here once, and the rest of
 * the program trusts its types.
 */
export type Reader<T> = (value: unknown) => T;

/** An answer that does not have the agreed form. */
export class ShapeError extends Error {
  constructor(wanted: string) {
    super(`${wanted} is missing from the answer`);
    this.name = 'ShapeError';
  }
}

/** The members of a JSON object; a ShapeError for anything else. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ShapeError('an object');
}

/** A text; numbers and booleans are taken as their text, since codes may arrive as either. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ShapeError('a text');
}

/** A finite number. */
export function finite(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ShapeError('a number');
}

/** A list whose members are all read by one reader. */
export function list<T>(read: Reader<T>): Reader<T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new ShapeError('a list');
    return value.map(read);
  };
}

/** A value that may be missing or null. */
export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value) => (value === undefined || value === null ? undefined : read(value));
}

/** A list that may be missing or null, which then counts as empty. */
export function someOf<T>(read: Reader<T>): Reader<T[]> {
  return (value) => optional(list(read))(value) ?? [];
}

/** A sentence in one of the two languages it is given in; a plain text is taken as it is. */
export function spoken(language: Language): Reader<string> {
  return (value) => (typeof value === 'string' ? value : text(members(value)[language]));
}
