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
  /** The zoom from which any of it is drawn. */
  from: number;
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
    from: Math.min(...layers.map((layer) => layer.minzoom ?? 0)),
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
  const single = colourOf(colour);
  if (single) return [{ drawn, colour: single, property: undefined, values: [] }];
  if (!Array.isArray(colour)) return [];
  const entries: Entry[] = [];
  for (const { property, values, colour: told } of casesOf(colour))
    add(entries, { drawn, colour: told, property, values });
  return entries;
}

interface Case {
  property: string | undefined;
  /** Empty for all other values. */
  values: string[];
  colour: string;
}

/** The cases of a match or case expression, that of all other values last; what is not a plain colour is left out. */
function casesOf(expression: unknown[]): Case[] {
  const [kind, subject] = expression;
  const first = kind === 'match' ? 2 : 1;
  const property = propertyOf(subject);
  if ((kind !== 'match' && kind !== 'case') || !property) return [];
  const cases: Case[] = [];
  for (let i = first; i + 1 < expression.length; i += 2) {
    const values = kind === 'match' ? [expression[i]].flat() : comparedWith(expression[i]);
    const colour = colourOf(expression[i + 1]);
    if (colour && values.length > 0) cases.push({ property, values: values.map(String), colour });
  }
  const rest = colourOf(expression.at(-1));
  return rest ? [...cases, { property, values: [], colour: rest }] : cases;
}

/** The value of a comparison such as ["==", ["get", name], value], none for any other condition. */
function comparedWith(condition: unknown): unknown[] {
  if (!Array.isArray(condition) || condition[0] !== '==') return [];
  return condition.slice(1).filter((side) => !Array.isArray(side));
}

/** A colour that does not depend on anything. */
function colourOf(output: unknown): string | undefined {
  if (typeof output === 'string') return output;
  return Array.isArray(output) && output[0] === 'to-color' && typeof output[1] === 'string' ? output[1] : undefined;
}

/** Values with one colour share an entry. */
function add(entries: Entry[], entry: Entry): void {
  const same = entries.findIndex(({ colour, values }) => colour === entry.colour && values.length > 0);
  const old = entries[same];
  if (old && entry.values.length > 0) entries[same] = { ...old, values: [...old.values, ...entry.values] };
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

/** As many values are named where the style says only "all others". */
const fewOthers = 3;

/**
 * The words for what an entry's colour stands for. Where it stands for all other values and the
 * property has few others, these are named; undefined where it has none, so that the colour is never seen.
 */
export function entryTitle(entry: Entry, group: Group, words: Words): string | undefined {
  if (!entry.property) return wordFor(words.collections, group.collection);
  const table = words.values[entry.property];
  const values = entry.values.length > 0 ? entry.values : othersOf(group, table);
  if (values?.length === 0) return undefined;
  if (!values || values.length > fewOthers) return words.legend.other;
  return [...new Set(values.map((value) => wordFor(table, value)))].join(words.tag === 'en' ? ', ' : '、');
}

/** The values of a property that no entry of the group names; undefined where its values are not listed. */
function othersOf(group: Group, table: Readonly<Record<string, string>> | undefined): string[] | undefined {
  const named = new Set(group.entries.flatMap(({ values }) => values));
  return table && Object.keys(table).filter((value) => !named.has(value));
}

/**
 * A group with its switch. At a zoom at which nothing of it is drawn, a note says so in
 * place of its colours.
 */
export function groupView(group: Group, zoom: number, words: Words, toggle: () => void): ElementView {
  const title = wordFor(words.collections, group.collection);
  const shown = group.visible ? 'legend-switch' : 'legend-switch is-off';
  const label = words.legend.show(title);
  const state = String(group.visible);
  const flip = button({ class: shown, 'aria-label': label, 'aria-checked': state, role: 'switch' }, toggle, h('span'));
  const kind = group.visible ? 'legend-group' : 'legend-group is-off';
  return h('li', { class: kind }, head(group, title, flip), bodyView(group, zoom, words));
}

function bodyView(group: Group, zoom: number, words: Words): ElementView | undefined {
  if (zoom < group.from) return h('p', { class: 'legend-note' }, words.legend.closer);
  return group.entries.length > 1 ? entriesView(group, words) : undefined;
}

function head(group: Group, title: string, flip: View): ElementView {
  const single = group.entries.length === 1 ? group.entries[0] : undefined;
  return h('div', { class: 'legend-head' }, single && swatch(single), h('strong', {}, title), flip);
}

function entriesView(group: Group, words: Words): ElementView {
  const lines = group.entries.map((entry) => {
    const title = entryTitle(entry, group, words);
    return title === undefined ? undefined : h('li', {}, swatch(entry), h('span', {}, title));
  });
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
