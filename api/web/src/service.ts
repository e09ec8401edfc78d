import type { Datum } from './datum';
import { finite, list, members, optional, type Reader, ShapeError, someOf, spoken, text } from './decode';
import { type Geometry, readGeometry } from './geometry';
import type { Language } from './language';
import { wordsIn } from './words';

/** Code and name of a feature. */
export interface Named {
  code: string;
  name: string;
}

export interface ChainLink extends Named {
  level: string;
}

export type Side = 'inside' | 'edge' | 'outside';

/** The answer of `GET /locate`. */
export interface Match {
  cell: Named | undefined;
  chain: ChainLink[];
  town: Named | undefined;
  side: Side;
  borderDistanceM: number | undefined;
  others: Named[];
  nearest: (Named & { distanceM: number }) | undefined;
  versions: string[];
}

/** One result of a compliance report. Either end of the band may be open. */
export interface Finding {
  metric: string;
  /** The metric's name, "" where the service gives none. */
  title: string;
  value: number | undefined;
  unit: string;
  band: Band | undefined;
  clause: string;
  verdict: string;
  inputs: Detail[];
  /** What would make it fit, or what is missing to judge; "" where nothing is said. */
  remedy: string;
  messages: string[];
}

export interface Band {
  min: number | undefined;
  max: number | undefined;
}

/** A named value of a finding, its value already text. */
export interface Detail {
  name: string;
  value: string;
}

/** The answer of `GET /towns/{code}/compliance`. */
export interface Compliance {
  town: Named;
  standard: Standard;
  findings: Finding[];
  notes: string[];
  versions: string[];
}

/** The edition of a guide that a report was made by. */
export interface Standard {
  id: string;
  title: string;
  edition: string;
}

/** One feature of a collection, as GeoJSON gives it. */
export interface Feature extends Named {
  collection: string;
  geometry: Geometry | undefined;
  properties: Detail[];
}

/** What a TileJSON document says about the data for people to read. */
export interface TilesetNotice {
  attribution: string;
  description: string;
}

/** A breach named by a problem. */
export interface Breach {
  message: string;
  fix: string;
}

/** A refusal by the service (RFC 9457), or its silence, in words for people. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly status: number,
    readonly violations: readonly Breach[] = [],
  ) {
    super(detail ? `${title}: ${detail}` : title);
    this.name = 'Problem';
  }
}

/** A format in which the service writes a report on paper. */
export type ReportFormat = 'html' | 'xlsx';

/** Anything thrown, as a Problem. */
export function asProblem(reason: unknown, language: Language): Problem {
  if (reason instanceof Problem) return reason;
  const { problem } = wordsIn(language);
  if (reason instanceof ShapeError) return new Problem(problem.shape, reason.message, 0);
  if (reason instanceof DOMException && reason.name === 'TimeoutError') return new Problem(problem.timeout, '', 0);
  return new Problem(problem.network, '', 0);
}

/** Whether a request was given up by the page itself, which is nobody's problem. */
export function isAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'AbortError';
}

const patienceMs = 15_000;

/** The service's HTTP interface as the page uses it. */
export class Service {
  constructor(
    private readonly base: string,
    private readonly language: Language,
  ) {}

  /** The cell, chain and town at a point given in degrees of a datum. */
  async locate(lon: number, lat: number, datum: Datum, signal?: AbortSignal): Promise<Match> {
    const query = new URLSearchParams({ lon: String(lon), lat: String(lat), datum });
    return readMatch(await this.json(`locate?${query}`, signal));
  }

  /** The findings on a town. */
  async compliance(town: string, signal?: AbortSignal): Promise<Compliance> {
    const path = `towns/${encodeURIComponent(town)}/compliance`;
    return readCompliance(await this.json(path, signal), this.language);
  }

  /** The address of a town's report on paper, to be opened by the browser. */
  paper(town: string, format: ReportFormat): string {
    const query = new URLSearchParams({ f: format, lang: this.language });
    return new URL(`towns/${encodeURIComponent(town)}/compliance?${query}`, this.base).href;
  }

  /** A feature by its code, undefined where the collection has none. */
  async feature(collection: string, code: string, signal?: AbortSignal): Promise<Feature | undefined> {
    try {
      const path = `collections/${encodeURIComponent(collection)}/items/${encodeURIComponent(code)}`;
      return readFeature(collection, await this.json(path, signal));
    } catch (reason) {
      if (reason instanceof Problem && reason.status === 404) return undefined;
      throw reason;
    }
  }

  /** A JSON document of the service. A Problem is thrown for every answer that is not a success. */
  async json(path: string, signal?: AbortSignal): Promise<unknown> {
    const patience = AbortSignal.timeout(patienceMs);
    const response = await fetch(new URL(path, this.base), {
      headers: { Accept: 'application/json, application/geo+json', 'Accept-Language': this.language },
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
    if (response.ok) return await response.json();
    throw await this.refusal(response);
  }

  private async refusal(response: Response): Promise<Problem> {
    const title = wordsIn(this.language).problem.status(response.status);
    try {
      return readProblem(await response.json(), response.status, title);
    } catch {
      return new Problem(title, '', response.status);
    }
  }
}

const sides: readonly Side[] = ['inside', 'edge', 'outside'];

export function readMatch(value: unknown): Match {
  const answer = members(value);
  const side = sides.find((known) => known === answer.side);
  if (!side) throw new ShapeError('side');
  return {
    side,
    cell: optional(readNamed)(answer.cell),
    chain: someOf(readLink)(answer.chain),
    town: optional(readNamed)(answer.town),
    borderDistanceM: optional(finite)(answer.borderDistanceM),
    others: someOf(readClaimant)(answer.others),
    nearest: optional(readNearest)(answer.nearest),
    versions: readVersions(answer.versions),
  };
}

export function readCompliance(value: unknown, language: Language): Compliance {
  const answer = members(value);
  return {
    town: readNamed(answer.town),
    standard: readStandard(answer.standard),
    findings: list((finding) => readFinding(finding, language))(answer.findings),
    notes: someOf(spoken(language))(answer.notes),
    versions: readVersions(answer.versions),
  };
}

function readStandard(value: unknown): Standard {
  const standard = members(value);
  return {
    id: text(standard.id),
    title: optional(text)(standard.title) ?? '',
    edition: optional(text)(standard.edition) ?? '',
  };
}

export function readFeature(collection: string, value: unknown): Feature {
  const feature = members(value);
  const properties = optional(members)(feature.properties) ?? {};
  const code = optional(text)(properties.code) ?? text(feature.id);
  return {
    collection,
    code,
    name: optional(text)(properties.name) ?? '',
    geometry: optional(readGeometry)(feature.geometry),
    properties: details(properties).filter(({ name }) => name !== 'code' && name !== 'name'),
  };
}

export function readNotice(value: unknown): TilesetNotice {
  const answer = members(value);
  return {
    attribution: optional(text)(answer.attribution) ?? '',
    description: optional(text)(answer.description) ?? '',
  };
}

export function readProblem(value: unknown, status: number, title: string): Problem {
  const answer = members(value);
  return new Problem(
    optional(text)(answer.title) ?? title,
    optional(text)(answer.detail) ?? '',
    status,
    someOf(readBreach)(answer.violations),
  );
}

function readBreach(value: unknown): Breach {
  const breach = members(value);
  return { message: optional(text)(breach.message) ?? '', fix: optional(text)(breach.fix) ?? '' };
}

function readNamed(value: unknown): Named {
  const named = members(value);
  return { code: text(named.code), name: optional(text)(named.name) ?? '' };
}

/** Other claimants are features or bare codes. */
function readClaimant(value: unknown): Named {
  return typeof value === 'string' ? { code: value, name: '' } : readNamed(value);
}

function readLink(value: unknown): ChainLink {
  return { ...readNamed(value), level: text(members(value).level) };
}

function readNearest(value: unknown): Named & { distanceM: number } {
  return { ...readNamed(value), distanceM: finite(members(value).distanceM) };
}

function readFinding(value: unknown, language: Language): Finding {
  const finding = members(value);
  const remedy = optional(members)(finding.remedy) ?? {};
  return {
    metric: text(finding.metric),
    title: optional(spoken(language))(finding.title) ?? '',
    value: optional(finite)(finding.value),
    unit: optional(text)(finding.unit) ?? '',
    band: optional(readBand)(finding.band),
    clause: optional(text)(finding.clause) ?? '',
    verdict: text(finding.verdict),
    inputs: details(finding.inputs),
    remedy: optional(spoken(language))(remedy.text) ?? '',
    messages: someOf(spoken(language))(finding.messages),
  };
}

function readBand(value: unknown): Band {
  const ends = list(optional(finite))(value);
  return { min: ends[0], max: ends[1] };
}

/** The members of an object as named texts; what is neither text nor number stays JSON. */
function details(value: unknown): Detail[] {
  const found = optional(members)(value) ?? {};
  return Object.entries(found)
    .filter(([, member]) => member !== null && member !== undefined)
    .map(([name, member]) => ({ name, value: plain(member) }));
}

function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The versions an answer was made from, one text for each collection. */
function readVersions(value: unknown): string[] {
  return details(value).map(({ name, value: version }) => `${name} ${version}`);
}

/** A reader of one member, for documents that are read only in part. */
export function member<T>(name: string, read: Reader<T>): Reader<T> {
  return (value) => read(members(value)[name]);
}
