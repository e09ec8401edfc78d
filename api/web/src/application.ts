import type { StyleSpecification } from 'maplibre-gl';
import { readQuery } from './coordinate';
import { type Datum, isDatum, type Position, shiftFrom, shiftTo } from './datum';
import type { Change } from './events';
import { complianceView } from './finding';
import { coordinate, shown, told } from './format';
import { boundOf, interiorOf } from './geometry';
import type { Language } from './language';
import { type Group, groupView, legendOf } from './legend';
import { linkedPosition, withPosition } from './link';
import { TownMap } from './map';
import { readNotices } from './notice';
import type { Page } from './page';
import { choiceView, featureView, matchView, problemView, underView, versionsView, waitingView } from './panel';
import {
  asProblem,
  type Compliance,
  type Feature,
  isAbort,
  type Match,
  type Named,
  Problem,
  type ReportFormat,
  type Service,
} from './service';
import { fill, h, mount, type View } from './view';
import { type Words, wordFor, wordsIn } from './words';

/** Collections in which a code is looked for; incidents are not public. */
const searched = ['cells', 'towns', 'units', 'parcels', 'facilities'] as const;

/** A place as it was given: degrees of a datum. */
interface Given {
  position: Position;
  datum: Datum;
}

/** The page at work: a click, a coordinate or a code becomes an answer in the panel and a place on the map. */
export class Application {
  private readonly words: Words;
  private map: TownMap | undefined;
  private groups: Group[] = [];
  private task = new AbortController();
  private pointer: { position: Position; cell: Named | undefined } | undefined;
  private centre: Position | undefined;
  private zoom = 0;

  constructor(
    private readonly page: Page,
    private readonly service: Service,
    private readonly language: Language,
  ) {
    this.words = wordsIn(language);
    page.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.search(page.query.value);
    });
    page.datum.addEventListener('change', () => this.readOut());
    page.panel.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.close();
    });
  }

  /** Draws the map of a style, its legend and what it says about the data. */
  draw(style: StyleSpecification): void {
    const { name = '' } = style;
    this.page.place.textContent = name === this.words.title ? '' : shown(name);
    this.groups = legendOf(style);
    this.drawLegend();
    void this.drawNotices(style);
    try {
      this.map = this.openMap(style);
    } catch {
      this.refuse(new Problem(this.words.map.failed, this.words.map.webgl, 0));
    }
    const linked = linkedPosition(location.hash);
    if (linked) void this.locate({ position: linked, datum: 'wgs84' });
  }

  /** Says that there is no map, and why; search goes on working. */
  refuse(problem: Problem): void {
    this.page.map.dataset.state = 'failed';
    this.page.map.append(mount(h('div', { class: 'card no-map' }, problemView(problem, this.words))));
  }

  /** Draws the tiles anew that a publication touched. */
  changed(changes: Change[]): void {
    this.map?.refresh(changes);
  }

  /** Draws all tiles anew. */
  reset(): void {
    this.map?.refreshAll();
  }

  /** Closes the panel and takes its marks off the map. */
  close(): void {
    this.begin();
    this.page.panel.hidden = true;
    this.map?.mark(undefined);
    this.map?.outline({});
    setLinkedPosition(undefined);
    this.map?.focus();
  }

  private openMap(style: StyleSpecification): TownMap {
    return new TownMap(this.page.map, style, this.words, {
      picked: (position) => {
        void this.locate({ position, datum: 'wgs84' });
        this.map?.reveal(position);
      },
      pointed: (position, cell) => {
        this.pointer = position && { position, cell };
        this.readOut();
      },
      moved: (centre, zoom) => {
        this.centre = centre;
        this.readOut();
        this.zoomTo(zoom);
      },
      failed: (reason) => this.hint(`${this.words.map.failed}: ${told(reason)}`, true),
    });
  }

  private async drawNotices(style: StyleSpecification): Promise<void> {
    const { attribution, declaration } = await readNotices(style, this.service);
    this.page.attribution.textContent = attribution;
    this.page.notice.textContent = declaration;
    this.page.notice.hidden = declaration === '';
  }

  private drawLegend(): void {
    const { legend } = this.page;
    const pressed = legend.contains(document.activeElement)
      ? [...legend.querySelectorAll<Element>('button')].indexOf(document.activeElement as Element)
      : -1;
    fill(legend, ...this.groups.map((group) => groupView(group, this.zoom, this.words, () => this.toggle(group))));
    legend.querySelectorAll('button')[pressed]?.focus();
  }

  /** The legend changes only where a collection comes into sight or leaves it. */
  private zoomTo(zoom: number): void {
    const seen = (at: number) => this.groups.map(({ from }) => at >= from).join();
    const changed = seen(zoom) !== seen(this.zoom);
    this.zoom = zoom;
    if (changed) this.drawLegend();
  }

  private toggle(group: Group): void {
    const turned = { ...group, visible: !group.visible };
    this.groups = this.groups.map((old) => (old === group ? turned : old));
    this.map?.setVisible(turned.layers, turned.visible);
    this.drawLegend();
  }

  private readOut(): void {
    const { readout, datum } = this.page;
    const at = this.pointer?.position ?? this.centre;
    if (!at) return;
    const chosen = isDatum(datum.value) ? datum.value : 'wgs84';
    const [lon, lat] = shiftTo(chosen, at);
    const where = this.pointer ? this.words.map.pointer : this.words.map.centre;
    const cell = this.pointer?.cell;
    const named = cell ? h('bdi', { class: 'readout-cell' }, shown(cell.name || cell.code)) : undefined;
    fill(
      readout,
      h('span', { class: 'muted' }, where),
      h('span', { class: 'figures' }, coordinate(lon, lat)),
      h('span', { class: 'muted' }, chosen.toUpperCase()),
      ...(named ? [named] : []),
    );
  }

  private hint(sentence: string, wrong = false): void {
    this.page.hint.textContent = sentence;
    this.page.hint.classList.toggle('is-wrong', wrong);
  }

  private async search(line: string): Promise<void> {
    const query = readQuery(line);
    const { search } = this.words;
    switch (query.kind) {
      case 'empty':
        return this.hint(search.hint);
      case 'unreadable':
      case 'outOfRange':
        return this.hint(search[query.kind], true);
      case 'coordinate':
        this.hint(query.coordinate.swapped ? search.swapped : '');
        return this.searchPosition([query.coordinate.lon, query.coordinate.lat]);
      case 'code':
        return this.searchCode(query.code);
    }
  }

  private async searchPosition(position: Position): Promise<void> {
    const { value } = this.page.datum;
    const datum = isDatum(value) ? value : 'wgs84';
    const [lon, lat] = shiftFrom(datum, position);
    this.map?.show([lon, lat, lon, lat]);
    await this.locate({ position, datum });
  }

  private async searchCode(code: string): Promise<void> {
    const { search } = this.words;
    const signal = this.begin();
    this.hint(search.working);
    try {
      const found = await this.lookUp(code, signal);
      const [only] = found;
      this.hint(only ? '' : search.nothing(shown(code)), !only);
      if (found.length > 1) this.answer(choiceView(found, this.words, this.go));
      else if (only) await this.present(only, signal);
    } catch (reason) {
      this.hint('');
      this.fail(reason, signal, () => void this.searchCode(code));
    }
  }

  /** The features of a code, in whichever collections have one. */
  private async lookUp(code: string, signal: AbortSignal): Promise<Feature[]> {
    const answers = await Promise.all(searched.map((collection) => this.service.feature(collection, code, signal)));
    return answers.filter((feature) => feature !== undefined);
  }

  private readonly go = (collection: string, code: string): void => void this.goTo(collection, code);

  private async goTo(collection: string, code: string): Promise<void> {
    const signal = this.begin();
    this.answer(waitingView(this.words));
    try {
      const feature = await this.service.feature(collection, code, signal);
      if (feature) await this.present(feature, signal);
      else this.answer(h('p', { class: 'muted' }, this.words.search.nothing(shown(code))));
    } catch (reason) {
      this.fail(reason, signal, () => this.go(collection, code));
    }
  }

  /** Flies to a feature and shows it; for a cell or a facility the answer at its place comes with it. */
  private async present(feature: Feature, signal: AbortSignal): Promise<void> {
    const bound = feature.geometry && boundOf(feature.geometry);
    const inside = feature.geometry && interiorOf(feature.geometry);
    if (bound) this.map?.show(bound);
    this.map?.mark(feature.geometry?.type === 'Point' ? inside : undefined);
    this.map?.outline({ [feature.collection]: feature.code });
    setLinkedPosition(undefined);
    const own = featureView(feature, this.words, this.go);
    this.answer(own);
    if (feature.collection === 'towns') await this.judge(feature.code, signal);
    if (inside && (feature.collection === 'cells' || feature.collection === 'facilities')) {
      const match = await this.service.locate(inside[0], inside[1], 'wgs84', signal);
      this.outlineMatch(match);
      this.answer(own, matchView(match, this.words, this.go), ...versionsView(match.versions, this.words));
    }
  }

  private async locate(given: Given): Promise<void> {
    const { position, datum } = given;
    const signal = this.begin();
    const place = shiftFrom(datum, position);
    this.map?.mark(place);
    setLinkedPosition(place);
    this.answer(this.placeView(given), waitingView(this.words));
    try {
      const match = await this.service.locate(position[0], position[1], datum, signal);
      this.outlineMatch(match);
      const under = this.map?.under(place, ['parcels', 'facilities']) ?? [];
      this.answer(
        this.placeView(given),
        matchView(match, this.words, this.go),
        h('div', { 'data-part': 'judged' }),
        ...underView(under, this.words, this.go),
        ...versionsView(match.versions, this.words),
      );
      if (match.town) await this.judge(match.town.code, signal);
    } catch (reason) {
      this.fail(reason, signal, () => void this.locate(given));
    }
  }

  /** Adds a town's findings to the answer that is shown; their failure leaves the rest of it standing. */
  private async judge(town: string, signal: AbortSignal): Promise<void> {
    const slot = this.judgedSlot();
    fill(slot, waitingView(this.words));
    try {
      const report: Compliance = await this.service.compliance(town, signal);
      if (!signal.aborted) fill(slot, complianceView(report, this.words, this.openPaper));
    } catch (reason) {
      if (isAbort(reason)) return;
      fill(
        slot,
        problemView(asProblem(reason, this.language), this.words, () => void this.judge(town, signal)),
      );
    }
  }

  private readonly openPaper = (town: string, format: ReportFormat): void => {
    window.open(this.service.paper(town, format), '_blank', 'noopener');
  };

  private judgedSlot(): Element {
    const { answer } = this.page;
    const slot = answer.querySelector('[data-part=judged]');
    if (slot) return slot;
    answer.append(mount(h('div', { 'data-part': 'judged' })));
    return this.judgedSlot();
  }

  private placeView({ position, datum }: Given): View {
    const figures = h('span', { class: 'figures' }, coordinate(position[0], position[1]));
    return h('p', { class: 'place', 'data-part': 'place' }, figures, ' ', wordFor(this.words.datums, datum));
  }

  private outlineMatch({ cell, town, chain }: Match): void {
    const station = chain.find(({ level }) => level === 'station');
    this.map?.outline({
      ...(cell ? { cells: cell.code } : {}),
      ...(town ? { towns: town.code } : {}),
      ...(station ? { units: station.code } : {}),
    });
  }

  private answer(...views: readonly View[]): void {
    this.page.panel.hidden = false;
    fill(this.page.answer, ...views);
    this.page.answer.scrollTop = 0;
    // The answer needs the room that the advice on first use takes.
    if (this.page.hint.textContent === this.words.search.hint) this.hint('');
  }

  /** Starts something new in place of what is still going on. */
  private begin(): AbortSignal {
    this.task.abort();
    this.task = new AbortController();
    return this.task.signal;
  }

  private fail(reason: unknown, signal: AbortSignal, retry: () => void): void {
    if (signal.aborted || isAbort(reason)) return;
    this.answer(problemView(asProblem(reason, this.language), this.words, retry));
  }
}

/** Keeps the address in step with what is shown, so that it can be shared. */
function setLinkedPosition(position: Position | undefined): void {
  const fragment = withPosition(location.hash, position);
  history.replaceState(history.state, '', `${location.pathname}${location.search}${fragment}`);
}
