import { distance, quantity, shown, told } from './format';
import type { ChainLink, Feature, Match, Named, Problem } from './service';
import { button, type ElementView, h, type View } from './view';
import { type Words, wordFor } from './words';

/** Goes to a feature that the panel names. */
export type Go = (collection: string, code: string) => void;

/** The answer to "which cell is this?" */
export function matchView(match: Match, words: Words, go: Go): ElementView {
  return h(
    'section',
    { class: 'match', 'data-part': 'match', 'data-side': match.side },
    cellView(match, words),
    h('p', { class: 'side', 'data-part': 'side' }, sideText(match, words)),
    match.cell ? undefined : nearestView(match, words, go),
    match.chain.length > 0 ? chainView(match.chain, words, go) : undefined,
    othersView(match.others, words, go),
    townView(match.town, words, go),
  );
}

function cellView({ cell }: Match, words: Words): ElementView {
  if (!cell) return h('header', {}, h('h2', { 'data-part': 'cell' }, words.panel.noCell));
  return titleView(words.panel.cell, cell, 'cell');
}

function titleView(kind: string, named: Named, part: string): ElementView {
  const { name, code } = named;
  return h(
    'header',
    { 'data-part': part, 'data-code': code },
    h('p', { class: 'kind' }, kind),
    h('h2', {}, h('bdi', {}, shown(name || code))),
    name ? h('p', { class: 'code' }, h('bdi', {}, shown(code))) : undefined,
  );
}

/** Where the point lies relative to its cell, in plain words. */
export function sideText({ side, borderDistanceM, nearest }: Match, words: Words): string {
  switch (side) {
    case 'inside':
      return words.panel.inside(borderDistanceM === undefined ? '—' : distance(borderDistanceM, words));
    case 'edge':
      return words.panel.edge;
    case 'outside':
      return nearest ? words.panel.outside(distance(nearest.distanceM, words)) : words.panel.outsideNoDistance;
  }
}

function nearestView({ nearest }: Match, words: Words, go: Go): ElementView | undefined {
  if (!nearest) return undefined;
  return h('p', { 'data-part': 'nearest' }, `${words.panel.nearest}: `, link('cells', nearest, go));
}

function chainView(chain: readonly ChainLink[], words: Words, go: Go): ElementView {
  const links = chain.map((unit) =>
    h(
      'li',
      { 'data-part': 'chain', 'data-code': unit.code },
      h('span', { class: 'muted' }, shown(wordFor(words.values.level, unit.level))),
      link('units', unit, go),
    ),
  );
  return h('section', {}, h('h3', {}, words.panel.chain), h('ol', { class: 'chain' }, ...links));
}

function othersView(others: readonly Named[], words: Words, go: Go): ElementView | undefined {
  if (others.length === 0) return undefined;
  const cells = others.map((cell) => h('li', {}, link('cells', cell, go)));
  return h('section', {}, h('h3', {}, words.panel.others), h('ul', {}, ...cells));
}

function townView(town: Named | undefined, words: Words, go: Go): ElementView {
  if (!town) return h('p', { class: 'muted', 'data-part': 'no-town' }, words.panel.noTown);
  const title = h('h3', {}, words.panel.town);
  return h('section', { 'data-part': 'town', 'data-code': town.code }, title, link('towns', town, go));
}

/** A feature's name as a button that goes there, its code beside it. */
function link(collection: string, { code, name }: Named, go: Go): ElementView {
  const label = h('bdi', {}, shown(name || code));
  const small = name ? [' ', h('small', { class: 'code' }, h('bdi', {}, shown(code)))] : [];
  return h(
    'span',
    { class: 'named' },
    button({ class: 'link' }, () => go(collection, code), label),
    ...small,
  );
}

/** The versions that an answer was made from. */
export function versionsView(versions: readonly string[], words: Words): View[] {
  if (versions.length === 0) return [];
  const list = versions.map(shown).join(' · ');
  return [h('details', { class: 'grounds' }, h('summary', {}, words.panel.versions), h('p', {}, list))];
}

/** Properties whose values are codes of features in another collection. */
const references: Readonly<Record<string, string>> = { unit: 'units', parent: 'units', town: 'towns' };

/** A feature with its properties. */
export function featureView(feature: Feature, words: Words, go: Go): ElementView {
  const kind = wordFor(words.things, feature.collection);
  return h(
    'section',
    { class: 'feature', 'data-part': 'feature' },
    titleView(kind, feature, 'feature-title'),
    propertiesView(feature, words, go),
  );
}

function propertiesView({ properties }: Feature, words: Words, go: Go): ElementView | undefined {
  if (properties.length === 0) return undefined;
  const rows = properties.flatMap(({ name, value }) => [
    h('dt', {}, shown(wordFor(words.fields, name))),
    h('dd', {}, propertyView(name, value, words, go)),
  ]);
  return h('dl', { class: 'pairs' }, ...rows);
}

function propertyView(name: string, value: string, words: Words, go: Go): View {
  const collection = Object.hasOwn(references, name) ? references[name] : undefined;
  if (collection && value) return link(collection, { code: value, name: '' }, go);
  return h('bdi', {}, valueText(name, value, words));
}

/** A property's value in words: areas with their unit, values of a list by their title. */
export function valueText(name: string, value: string, words: Words): string {
  if (value === '') return words.panel.none;
  if (/_area$/.test(name) && Number.isFinite(Number(value))) return quantity(Number(value), 'm²', words);
  const table = Object.hasOwn(words.values, name) ? words.values[name] : undefined;
  const word = wordFor(table, value);
  if (word === value && (value === 'true' || value === 'false')) return words.panel[value === 'true' ? 'yes' : 'no'];
  return shown(word);
}

/** Features other than cell and town that the map draws at the place, each on one line. */
export function underView(features: readonly Feature[], words: Words, go: Go): View[] {
  if (features.length === 0) return [];
  const lines = features.map((feature) =>
    h('li', {}, h('span', { class: 'muted' }, sortText(feature, words)), link(feature.collection, feature, go)),
  );
  return [
    h(
      'section',
      { 'data-part': 'under' },
      h('h3', {}, words.panel.underPointer),
      h('ul', { class: 'under' }, ...lines),
    ),
  ];
}

/** What sort of thing a feature is: a facility's kind, a parcel's use, else the collection's own word. */
function sortText(feature: Feature, words: Words): string {
  const told = ['kind', 'land_use_name', 'land_use'].flatMap((wanted) =>
    feature.properties.filter(({ name, value }) => name === wanted && value !== ''),
  )[0];
  return told ? valueText(told.name, told.value, words) : wordFor(words.things, feature.collection);
}

/** Several features with one code, to choose from. */
export function choiceView(features: readonly Feature[], words: Words, go: Go): ElementView {
  const lines = features.map((feature) =>
    h(
      'li',
      {},
      h('span', { class: 'muted' }, wordFor(words.things, feature.collection)),
      link(feature.collection, feature, go),
    ),
  );
  return h('section', {}, h('p', {}, words.search.several), h('ul', { class: 'under' }, ...lines));
}

/** A refusal, in the service's own words. */
export function problemView(problem: Problem, words: Words, retry?: () => void): ElementView {
  const breaches = problem.violations.map(({ message, fix }) =>
    h('li', {}, told([message, fix].filter(Boolean).join(' '))),
  );
  return h(
    'section',
    { class: 'problem', role: 'alert', 'data-part': 'problem' },
    h('h2', {}, told(problem.detail || problem.title)),
    problem.detail ? h('p', { class: 'muted' }, problemTitle(problem)) : undefined,
    breaches.length > 0 ? h('ul', {}, ...breaches) : undefined,
    retry ? button({ class: 'plain' }, retry, words.panel.retry) : undefined,
  );
}

/** What is shown while an answer is awaited. */
export function waitingView(words: Words): ElementView {
  return h('p', { class: 'waiting', role: 'status' }, words.panel.loading);
}

/** The kind of problem, which says less than its detail and so comes after it. */
function problemTitle({ status, title }: Problem): string {
  return status > 0 ? `${status} ${shown(title)}` : shown(title);
}
