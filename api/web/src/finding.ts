import { number, quantity, range, shown, told } from './format';
import type { Band, Compliance, Detail, Finding, ReportFormat, Standard } from './service';
import { button, type ElementView, h, type View } from './view';
import { type Words, wordFor } from './words';

/** What a verdict means for its look: the sign beside it is there for readers who do not see the colour. */
export type Tone = 'fits' | 'low' | 'high' | 'unknown';

const tones: Readonly<Record<string, { tone: Tone; sign: string }>> = {
  符合: { tone: 'fits', sign: '✓' },
  偏低: { tone: 'low', sign: '↓' },
  偏高: { tone: 'high', sign: '↑' },
  无法判定: { tone: 'unknown', sign: '?' },
};

/** The tone of a verdict; a word that is not known counts as no verdict, never as a pass. */
export function toneOf(verdict: string): Tone {
  return Object.hasOwn(tones, verdict) ? (tones[verdict]?.tone ?? 'unknown') : 'unknown';
}

/** A verdict as a small label. */
export function verdictView(verdict: string, words: Words): ElementView {
  const sign = Object.hasOwn(tones, verdict) ? (tones[verdict]?.sign ?? '?') : '?';
  const name = shown(wordFor(words.verdicts, verdict));
  const mark = h('span', { class: 'verdict-sign', 'aria-hidden': 'true' }, sign);
  return h('span', { class: 'verdict', 'data-verdict': toneOf(verdict) }, mark, name);
}

/** The band in words: "23–36 m²/人", "at least 1", or "—" where both ends are open. */
export function bandText(band: Band | undefined, unit: string, words: Words): string {
  const { compliance } = words;
  if (band?.min !== undefined && band.max !== undefined) return range(band.min, band.max, unit, words);
  if (band?.min !== undefined) return compliance.atLeast(quantity(band.min, unit, words));
  if (band?.max !== undefined) return compliance.atMost(quantity(band.max, unit, words));
  return '—';
}

/** Where band and value lie on the axis of a bullet chart, as percent of its length. */
export interface Bullet {
  from: number;
  to: number;
  /** The value's place, undefined without a value. */
  at: number | undefined;
  /** Whether the value lies beyond the axis and its mark was moved to the end. */
  beyond: boolean;
}

/** How far the axis may reach, in upper ends of the band or, where it is open above, in lower ends. */
const reach = { closed: 2.5, open: 25 };
/** The part of the axis left free behind the last mark. */
const margin = 1.12;

/**
 * The places on an axis that starts at zero. It reaches a little past the band and the
 * value, but not much further than the band: a value that is wrong by a factor of a
 * hundred must not press the band into nothing.
 */
export function bulletOf(value: number | undefined, band: Band): Bullet | undefined {
  const { min = 0, max } = band;
  const end = max ?? min;
  if (end <= 0 || min < 0) return undefined;
  const furthest = end * (max === undefined ? reach.open : reach.closed);
  const length = Math.max(max ?? 2 * min, Math.min(value ?? 0, furthest)) * margin;
  const percent = (place: number) => (100 * Math.min(Math.max(place, 0), length)) / length;
  return {
    from: percent(min),
    to: max === undefined ? 100 : percent(max),
    at: value === undefined ? undefined : percent(value),
    beyond: value !== undefined && (value > length || value < 0),
  };
}

function bulletView(finding: Finding, words: Words): ElementView | undefined {
  const bullet = finding.band && bulletOf(finding.value, finding.band);
  if (!bullet) return undefined;
  const label = words.compliance.chart(
    valueText(finding, words),
    bandText(finding.band, finding.unit, words),
    wordFor(words.verdicts, finding.verdict),
  );
  const svg = { class: 'bullet', role: 'img', 'aria-label': label, width: '100%', height: '14' };
  return h('svg', svg, axis(), bandMark(bullet), valueMark(bullet, toneOf(finding.verdict)));
}

function axis(): ElementView {
  return h('rect', { class: 'bullet-axis', x: '0', y: '4', width: '100%', height: '6' });
}

function bandMark({ from, to }: Bullet): ElementView {
  return h('rect', { class: 'bullet-band', x: percent(from), y: '4', width: percent(to - from), height: '6' });
}

function valueMark({ at, beyond }: Bullet, tone: Tone): ElementView | undefined {
  if (at === undefined) return undefined;
  const mark = beyond ? { 'stroke-dasharray': '2 2' } : {};
  const [x1, x2] = [percent(at), percent(at)];
  return h('line', { class: 'bullet-value', 'data-verdict': tone, x1, x2, y1: '0', y2: '14', ...mark });
}

function percent(part: number): string {
  return `${Math.round(part * 100) / 100}%`;
}

function valueText(finding: Finding, words: Words): string {
  return finding.value === undefined ? words.compliance.noValue : quantity(finding.value, finding.unit, words);
}

/** One finding: metric and verdict, value against band, what would make it fit, and where it all comes from. */
export function findingView(finding: Finding, words: Words): ElementView {
  const metric = wordFor(words.metrics, finding.metric);
  const title = shown(metric === finding.metric ? finding.title || metric : metric);
  const head = h('div', { class: 'finding-head' }, h('h3', {}, title), verdictView(finding.verdict, words));
  const value = h('strong', { class: 'finding-value' }, valueText(finding, words));
  const figures = h('div', { class: 'finding-figures' }, value, bandView(finding, words));
  return h(
    'li',
    { class: 'finding', 'data-code': finding.metric },
    head,
    figures,
    bulletView(finding, words),
    toneOf(finding.verdict) === 'fits' ? undefined : paragraph(finding.remedy, 'remedy'),
    groundsView(finding, words),
  );
}

function bandView({ band, unit }: Finding, words: Words): ElementView | undefined {
  if (band?.min === undefined && band?.max === undefined) return undefined;
  return h('span', { class: 'finding-band' }, `${words.compliance.band} ${bandText(band, unit, words)}`);
}

function paragraph(sentence: string, kind: string): ElementView | undefined {
  return sentence === '' ? undefined : h('p', { class: kind }, told(sentence));
}

function groundsView({ clause, messages, inputs }: Finding, words: Words): ElementView | undefined {
  if (!clause && messages.length === 0 && inputs.length === 0) return undefined;
  const summary = h('summary', {}, shown(clause) || words.compliance.inputs);
  return h(
    'details',
    { class: 'grounds' },
    summary,
    ...messages.map((message) => paragraph(message, 'message')),
    inputsView(inputs, words),
  );
}

function inputsView(inputs: readonly Detail[], words: Words): ElementView | undefined {
  if (inputs.length === 0) return undefined;
  const rows = inputs.flatMap(({ name, value }) => [
    h('dt', {}, shown(wordFor(words.inputs, name))),
    h('dd', {}, inputText(name, value, words)),
  ]);
  return h('dl', { class: 'pairs' }, ...rows);
}

/** An input's value: areas by the ending of their name, other numbers with grouped digits. */
function inputText(name: string, value: string, words: Words): string {
  const size = value.trim() === '' ? Number.NaN : Number(value);
  if (!Number.isFinite(size)) return plainText(value, words);
  return name.endsWith('M2') ? quantity(size, 'm²', words) : number(size, 4);
}

function plainText(value: string, words: Words): string {
  if (value === 'true' || value === 'false') return words.panel[value === 'true' ? 'yes' : 'no'];
  return shown(value);
}

/** A town's findings, with how many have which verdict said first, and its report on paper. */
export function complianceView(
  report: Compliance,
  words: Words,
  open: (town: string, format: ReportFormat) => void,
): ElementView {
  const { compliance } = words;
  if (report.findings.length === 0) return h('p', { class: 'muted' }, compliance.noFindings);
  return h(
    'section',
    { class: 'compliance', 'data-part': 'compliance' },
    h('h2', {}, compliance.title),
    h('p', { class: 'tally' }, ...tally(report.findings, words)),
    h('ul', { class: 'findings' }, ...report.findings.map((finding) => findingView(finding, words))),
    h('p', { class: 'muted' }, `${compliance.standard} ${standardText(report.standard)}`),
    h(
      'p',
      { class: 'papers' },
      button({}, () => open(report.town.code, 'html'), compliance.print),
      button({}, () => open(report.town.code, 'xlsx'), compliance.workbook),
    ),
    notesView(report.notes, words),
  );
}

function standardText({ title, edition, id }: Standard): string {
  return shown([title || id, edition].filter(Boolean).join(' · '));
}

function notesView(notes: readonly string[], words: Words): ElementView {
  if (notes.length === 0) return h('p', { class: 'muted' }, words.compliance.advisory);
  const lines = notes.map((note) => h('li', {}, told(note)));
  return h('details', { class: 'grounds' }, h('summary', {}, words.compliance.notes), h('ul', {}, ...lines));
}

/** The number of findings of each verdict, in the order in which verdicts first occur. */
function tally(findings: readonly Finding[], words: Words): View[] {
  const counts = new Map<string, number>();
  for (const { verdict } of findings) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return [...counts].map(([verdict, count]) => h('span', {}, verdictView(verdict, words), ` ${count}`));
}
