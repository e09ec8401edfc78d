import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { button, type ElementView, h, type View } from './view';
import { type Words, wordFor } from './words';

/** How a colour is drawn on the map. */
export type Drawn = 'fill' | 'line' | 'circle';

/** One line of the legend: a colour and the values of a property that have it. */
export interface Entry {
  drawn: Drawn;
  colour: string;
  /** The property and its values, undefined for a colour of the collection as a whole. */
  property: string | undefined;
  /** The values, none for the colour of all other values. */
  values: readonly string[];
}

/** The part of the legend that speaks of one collection. */
export interface Group {
  collection: string;
  /** The style's layers that show the collection, labels and borders included. */
  layers: readonly string[];
  visible: boolean;
  entries: readonly Entry[];
}

/**
 * The legend of a style, read from its layers, so that it can say nothing else than
 * what the map draws: one group for each collection in the order of the style's first layers,
 * one entry for each colour of its main layer.
 */
export function legendOf(style: StyleSpecification): Group[] {
  const collections = new Map<string, LayerSpecification[]>();
  for (const layer of style.layers) {
    const collection = collectionOf(layer);
    if (collection) collections.set(collection, [...(collections.get(collection) ?? []), layer]);
  }
  return [...collections].map(([collection, layers]) => ({
    collection,
    layers: layers.map((layer) => layer.id),
    visible: layers.some((layer) => layer.layout?.visibility !== 'none'),
    entries: entriesOf(layers),
  }));
}

/** The collection that a layer of the style shows, undefined for a background. */
export function collectionOf(layer: LayerSpecification): string | undefined {
  const source = 'source-layer' in layer ? layer['source-layer'] : undefined;
  return source?.replace(/_(?:labels|borders)$/, '');
}

/** Of a collection's layers the one whose colours tell most. */
function entriesOf(layers: readonly LayerSpecification[]): Entry[] {
  const candidates = layers.map(paintOf).filter((paint) => paint !== undefined);
  const told = candidates.map(({ drawn, colour, own }) => ({ own, entries: entriesOfColour(drawn, colour) }));
  told.sort((a, b) => b.entries.length - a.entries.length || Number(b.own) - Number(a.own));
  return told[0]?.entries ?? [];
}

interface Paint {
  drawn: Drawn;
  colour: unknown;
  /** Whether the layer shows the collection's own geometry rather than its borders. */
  own: boolean;
}

function paintOf(layer: LayerSpecification): Paint | undefined {
  const own = !/_(?:labels|borders)$/.test('source-layer' in layer ? (layer['source-layer'] ?? '') : '');
  switch (layer.type) {
    case 'fill':
      return { drawn: 'fill', colour: layer.paint?.['fill-color'], own };
    case 'line':
      return { drawn: 'line', colour: layer.paint?.['line-color'], own };
    case 'circle':
      return { drawn: 'circle', colour: layer.paint?.['circle-color'], own };
    default:
      return undefined;
  }
}

function entriesOfColour(drawn: Drawn, colour: unknown): Entry[] {
  if (typeof colour === 'string') return [{ drawn, colour, property: undefined, values: [] }];
  if (!Array.isArray(colour) || colour[0] !== 'match') return [];
  const property = propertyOf(colour[1]);
  const entries: Entry[] = [];
  for (let i = 2; i + 1 < colour.length; i += 2) {
    add(entries, { drawn, colour: String(colour[i + 1]), property, values: [colour[i]].flat().map(String) });
  }
  const rest = colour.at(-1);
  if (colour.length % 2 === 1 && typeof rest === 'string') entries.push({ drawn, colour: rest, property, values: [] });
  return entries;
}

/** Values with one colour share an entry. */
function add(entries: Entry[], entry: Entry): void {
  const same = entries.findIndex(({ colour }) => colour === entry.colour);
  const old = entries[same];
  if (old) entries[same] = { ...old, values: [...old.values, ...entry.values] };
  else entries.push(entry);
}

/** The property that an expression reads: the first ["get", name] within it. */
function propertyOf(expression: unknown): string | undefined {
  if (!Array.isArray(expression)) return undefined;
  if (expression[0] === 'get' && typeof expression[1] === 'string') return expression[1];
  for (const inner of expression) {
    const found = propertyOf(inner);
    if (found) return found;
  }
  return undefined;
}

/** The words for what an entry's colour stands for. */
export function entryTitle(entry: Entry, collection: string, words: Words): string {
  if (!entry.property) return wordFor(words.collections, collection);
  if (entry.values.length === 0) return words.legend.other;
  const table = words.values[entry.property];
  return [...new Set(entry.values.map((value) => wordFor(table, value)))].join(words.tag === 'en' ? ', ' : '、');
}

/** A group with its switch; `toggle` is told whether the collection is to be seen. */
export function groupView(group: Group, words: Words, toggle: () => void): ElementView {
  const title = wordFor(words.collections, group.collection);
  const shown = group.visible ? 'legend-switch' : 'legend-switch is-off';
  const label = words.legend.show(title);
  const state = String(group.visible);
  const flip = button({ class: shown, 'aria-label': label, 'aria-checked': state, role: 'switch' }, toggle, h('span'));
  const lines = group.entries.length > 1 ? [entriesView(group, words)] : [];
  return h('li', { class: group.visible ? 'legend-group' : 'legend-group is-off' }, head(group, title, flip), ...lines);
}

function head(group: Group, title: string, flip: View): ElementView {
  const single = group.entries.length === 1 ? group.entries[0] : undefined;
  return h('div', { class: 'legend-head' }, single && swatch(single), h('strong', {}, title), flip);
}

function entriesView(group: Group, words: Words): ElementView {
  const lines = group.entries.map((entry) =>
    h('li', {}, swatch(entry), h('span', {}, entryTitle(entry, group.collection, words))),
  );
  return h('ul', { class: 'legend-entries' }, ...lines);
}

function swatch(entry: Entry): ElementView {
  return h('svg', { class: 'swatch', viewBox: '0 0 18 12', 'aria-hidden': 'true' }, mark(entry));
}

function mark({ drawn, colour }: Entry): ElementView {
  switch (drawn) {
    case 'fill':
      return h('rect', { x: '0.5', y: '0.5', width: '17', height: '11', fill: colour, stroke: '#00000033' });
    case 'line':
      return h('line', { x1: '0', x2: '18', y1: '6', y2: '6', stroke: colour, 'stroke-width': '2.5' });
    case 'circle':
      return h('circle', { cx: '9', cy: '6', r: '4.5', fill: colour, stroke: '#ffffff' });
  }
}
