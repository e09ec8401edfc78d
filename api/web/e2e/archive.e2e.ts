import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import type { FeatureCollection, Position as Place } from 'geojson';
import type { Map as MapLibre } from 'maplibre-gl';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Datum, type Position, shiftTo } from '../src/datum';
import { launch, serviceAddress } from './visit';

// Archives made by `towngrid export --format pmtiles` of what the service shows, by datum, as the caller of
// this test has made them: TOWNGRID_PMTILES=wgs84=FILE,gcj02=FILE.
const archives = new Map(
  (process.env.TOWNGRID_PMTILES ?? '').split(',').map((item) => item.split('=') as [Datum, string]),
);

/** Files of packages that the page is made of. */
const packages = new URL('../node_modules/', import.meta.url).pathname;
const page = `<!doctype html><meta charset="utf-8"><title>archive</title>
<style>body{margin:0}#map{width:800px;height:600px}</style><div id="map"></div>
<script src="/pmtiles.js"></script>
<script type="module">
  import { addProtocol, Map, setWorkerUrl } from '/maplibre-gl.mjs';
  setWorkerUrl('/maplibre-gl-worker.mjs');
  addProtocol('pmtiles', new pmtiles.Protocol().tile);
  window.show = (url, center, zoom) => new Promise((done, failed) => {
    const layers = ['towns', 'units', 'cells'].map((id) => ({
      id, type: 'fill', source: 'archive', 'source-layer': id, paint: { 'fill-color': '#2563eb', 'fill-opacity': 0.2 },
    }));
    layers.push({ id: 'borders', type: 'line', source: 'archive', 'source-layer': 'cells_borders', paint: { 'line-color': '#111' } });
    window.map = new Map({
      container: 'map', center, zoom, fadeDuration: 0, attributionControl: false,
      style: { version: 8, sources: { archive: { type: 'vector', url } }, layers },
    });
    map.on('error', (event) => failed(event.error));
    map.once('idle', () => done());
  });
</script>`;

/** What the page adds to its window. */
interface Shown {
  map: MapLibre;
  show(url: string, center: Position, zoom: number): Promise<void>;
}

/** Serves the page, its packages and the archives, these by ranges as any server of files does. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const name = basename(request.url ?? '/');
  const dist = name === 'pmtiles.js' ? 'pmtiles/dist/' : 'maplibre-gl/dist/';
  if (name === '') {
    response.setHeader('Content-Type', 'text/html').end(page);
    return;
  }
  const archive = [...archives.values()].find((file) => basename(file) === name);
  const file = archive ?? `${packages}${dist}${name}`;
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    response.writeHead(name === 'favicon.ico' ? 204 : 404).end();
    return;
  }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(Number(range?.[2] ?? size - 1), size - 1);
  response.writeHead(range ? 206 : 200, {
    'Content-Type': archive ? 'application/octet-stream' : 'text/javascript',
    'Content-Length': end - start + 1,
    ...(range && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
  });
  createReadStream(file, { start, end }).pipe(response);
}

let browser: Browser;
let server: Server;
let home: string;

beforeAll(async () => {
  browser = await launch();
  server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await browser.close();
  server.close();
});

/** Cells of the service whose middle lies in them, with that place. */
async function someCells(n: number): Promise<{ code: string; town: string | undefined; at: Position }[]> {
  const items = (await (
    await fetch(`${serviceAddress()}/collections/cells/items?limit=200`)
  ).json()) as FeatureCollection;
  const found = [];
  for (const feature of items.features) {
    if (feature.geometry.type !== 'MultiPolygon') continue;
    const ring: Place[] = feature.geometry.coordinates[0]?.[0] ?? [];
    const middle = (axis: 0 | 1) => ring.reduce((sum, vertex) => sum + (vertex[axis] ?? 0), 0) / ring.length;
    const at: Position = [middle(0), middle(1)];
    const match = await (await fetch(`${serviceAddress()}/locate?lon=${at[0]}&lat=${at[1]}`)).json();
    if (match.cell?.code === String(feature.properties?.code) && match.borderDistanceM > 30) {
      found.push({ code: match.cell.code, town: match.town?.code, at });
    }
    if (found.length === n) return found;
  }
  throw new Error(`only ${found.length} cells hold their middle`);
}

describe('an archive of tiles', () => {
  for (const datum of ['wgs84', 'gcj02'] as const) {
    it(`is drawn by MapLibre where the service has its features, on ${datum}`, async () => {
      const file = archives.get(datum);
      if (!file) throw new Error('TOWNGRID_PMTILES is not set: make archives with `towngrid export --format pmtiles`');
      const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
      try {
        const page = await context.newPage();
        const faults: string[] = [];
        page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
        page.on('pageerror', (error) => faults.push(String(error)));
        context.on('request', (request) => {
          if (!request.url().startsWith(home) && !request.url().startsWith('blob:')) faults.push(request.url());
        });
        await page.goto(home);
        const cells = await someCells(5);
        const first = cells[0];
        if (!first) throw new Error('no cell');
        const url = `pmtiles://${home}/${basename(file)}`;
        await page.waitForFunction(() => 'show' in window);
        await page.evaluate(([url, center]) => (window as unknown as Shown).show(url, center, 13), [
          url,
          shiftTo(datum, first.at),
        ] as const);
        for (const cell of cells) {
          const seen = await page.evaluate(
            async (at) => {
              const { map } = window as unknown as Shown;
              await new Promise<void>((still) => {
                map.once('idle', () => still());
                map.jumpTo({ center: [at[0], at[1]], zoom: 15 }); // beyond the archive's deepest zoom as well
              });
              const there = map.queryRenderedFeatures(map.project([at[0], at[1]]));
              const codes = (layer: string) =>
                there.filter((f) => f.layer.id === layer).map((f) => String(f.properties.code));
              return {
                cells: codes('cells'),
                towns: codes('towns'),
                borders: map.queryRenderedFeatures({ layers: ['borders'] }).length,
              };
            },
            shiftTo(datum, cell.at),
          );
          expect(seen.cells).toEqual([cell.code]);
          expect(seen.towns).toEqual(cell.town ? [cell.town] : []);
          expect(seen.borders).toBeGreaterThan(0);
        }
        // From far away the archive has features as well, and nothing was asked of anyone else.
        const far = await page.evaluate(async () => {
          const { map } = window as unknown as Shown;
          await new Promise<void>((still) => {
            map.once('idle', () => still());
            map.jumpTo({ zoom: 8 });
          });
          return map.queryRenderedFeatures({ layers: ['towns'] }).length;
        });
        expect(far).toBeGreaterThan(0);
        expect(faults).toEqual([]);
      } finally {
        await context.close();
      }
    });
  }
});
