import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Change, followEvents, readPublication, tilesOf } from '../src/events';

const publication = {
  tag: '0123456789abcdef',
  changes: [
    {
      collection: 'cells',
      division: '330890',
      version: 2,
      features: 1,
      bounds: [[118.9, 29, 118.91, 29.01]],
      tiles: [
        { z: 13, x: 6801, y: 3405 },
        { z: 14, x: 13603, y: 6811 },
      ],
      maxzoom: 14,
    },
  ],
};

const change: Change = readPublication(publication)[0] as Change;
const view: [number, number, number, number] = [118.8, 28.9, 119, 29.1];

describe('the tiles of a change', () => {
  it('are those of the event up to its deepest zoom', () => {
    expect(tilesOf(change, 14.9, view)).toEqual(publication.changes[0]?.tiles);
  });

  it('are beyond it those that its boxes meet, with their buffer', () => {
    const beyond = tilesOf(change, 15.2, view).filter(({ z }) => z === 15);
    expect(beyond).toEqual([
      { z: 15, x: 27206, y: 13622 },
      { z: 15, x: 27207, y: 13622 },
      { z: 15, x: 27206, y: 13623 },
      { z: 15, x: 27207, y: 13623 },
    ]);
  });

  it('are beyond it none that the map does not show, and each once', () => {
    expect(tilesOf(change, 18, [100, 20, 101, 21]).filter(({ z }) => z > 14)).toEqual([]);
    const twice = { ...change, bounds: [...change.bounds, ...change.bounds] };
    expect(tilesOf(twice, 16, view)).toEqual(tilesOf(change, 16, view));
  });
});

describe('the events', () => {
  class Source extends EventTarget {
    static last: Source;
    closed = false;
    constructor(readonly url: URL) {
      super();
      Source.last = this;
    }
    close() {
      this.closed = true;
    }
  }
  afterEach(() => vi.unstubAllGlobals());

  it('tell what changed, and that anything may have', () => {
    vi.stubGlobal('EventSource', Source);
    const told: unknown[] = [];
    const stop = followEvents('http://map.example/grid/', {
      changed: (changes) => told.push(changes),
      reset: () => told.push('reset'),
    });
    expect(Source.last.url.href).toBe('http://map.example/grid/events');
    Source.last.dispatchEvent(new MessageEvent('state', { data: '{}' }));
    Source.last.dispatchEvent(new MessageEvent('publication', { data: JSON.stringify(publication) }));
    Source.last.dispatchEvent(new MessageEvent('reset', { data: '{}' }));
    Source.last.dispatchEvent(new MessageEvent('publication', { data: '{"changes":[{}]}' }));
    expect(told).toEqual([[change], 'reset', 'reset']);
    stop();
    expect(Source.last.closed).toBe(true);
  });
});
