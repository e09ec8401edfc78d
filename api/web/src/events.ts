import { finite, list, members, type Reader, ShapeError, text } from './decode';
import type { Bound } from './geometry';

/** A tile as MapLibre's `refreshTiles` takes it. */
export interface TileID {
  z: number;
  x: number;
  y: number;
}

/** What a publication changed in one collection. */
export interface Change {
  collection: string;
  /** Boxes around the old and new places of what changed. */
  bounds: Bound[];
  /** The tiles of the zooms up to `maxzoom` that may have changed. */
  tiles: TileID[];
  maxzoom: number;
}

/** What the events of the service tell. */
export interface Follower {
  changed: (changes: Change[]) => void;
  /** What happened meanwhile is not known: anything may have changed. */
  reset: () => void;
}

/** Follows the service's `/events`. The browser connects again by itself and catches up. */
export function followEvents(base: string, follower: Follower): () => void {
  const source = new EventSource(new URL('events', base));
  source.addEventListener('publication', ({ data }) => {
    try {
      follower.changed(readPublication(JSON.parse(data)));
    } catch {
      follower.reset();
    }
  });
  source.addEventListener('reset', () => follower.reset());
  return () => source.close();
}

export function readPublication(value: unknown): Change[] {
  return list(readChange)(members(value).changes);
}

function readChange(value: unknown): Change {
  const change = members(value);
  return {
    collection: text(change.collection),
    bounds: list(readBound)(change.bounds),
    tiles: list(readTile)(change.tiles),
    maxzoom: finite(change.maxzoom),
  };
}

const readBound: Reader<Bound> = (value) => {
  const [west, south, east, north] = list(finite)(value);
  if (west === undefined || south === undefined || east === undefined || north === undefined) {
    throw new ShapeError('a box');
  }
  return [west, south, east, north];
};

const readTile: Reader<TileID> = (value) => {
  const tile = members(value);
  return { z: finite(tile.z), x: finite(tile.x), y: finite(tile.y) };
};

/** The buffer around a tile, as a part of its side: what lies there is drawn in it too. */
const buffer = 64 / 4096;

/**
 * The tiles to be drawn anew on a map at a zoom: those that the event names, and of the zooms
 * beyond, as deep as the map is, those of its view that have one of the boxes within their buffer.
 */
export function tilesOf({ bounds, tiles, maxzoom }: Change, zoom: number, view: Bound): TileID[] {
  const found = [...tiles];
  for (let z = Math.max(maxzoom + 1, Math.floor(zoom) - 2); z <= Math.floor(zoom); z++) {
    const seen = new Set<string>();
    for (const bound of bounds) {
      for (const tile of tilesWithin(z, bound, view)) {
        const key = `${tile.x}/${tile.y}`;
        if (!seen.has(key)) found.push(tile);
        seen.add(key);
      }
    }
  }
  return found;
}

/** The tiles of a zoom that both boxes meet, at most some thousand. */
function tilesWithin(z: number, bound: Bound, view: Bound): TileID[] {
  const side = 2 ** z;
  const last = (v: number) => Math.min(Math.max(Math.floor(v), 0), side - 1);
  const [west, north] = onGrid(side, Math.max(bound[0], view[0]), Math.min(bound[3], view[3]));
  const [east, south] = onGrid(side, Math.min(bound[2], view[2]), Math.max(bound[1], view[1]));
  const tiles: TileID[] = [];
  for (let y = last(north - buffer); y <= last(south + buffer) && tiles.length < 4096; y++) {
    for (let x = last(west - buffer); x <= last(east + buffer); x++) tiles.push({ z, x, y });
  }
  return tiles;
}

/** A position in tiles of a zoom with so many on a side. */
function onGrid(side: number, lon: number, lat: number): [number, number] {
  const sin = Math.sin((lat * Math.PI) / 180);
  return [((lon + 180) / 360) * side, (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * side];
}
