import type { Browser, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Position, shiftTo } from '../src/datum';
import { coordinate } from '../src/format';
import { interiorOf } from '../src/geometry';
import { sideText } from '../src/panel';
import { type Compliance, type Feature, type Match, readCompliance, readFeature, readMatch } from '../src/service';
import { wordFor, wordsIn } from '../src/words';
import { launch, serviceAddress, Visit } from './visit';

const zh = wordsIn('zh');
const en = wordsIn('en');

let browser: Browser;
let visit: Visit;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  visit = await Visit.begin(browser);
});

// Whatever a test is about, nothing may leave the machine, fail aloud or break the policy.
afterEach(async () => {
  const faults = visit.faults();
  await visit.context.close();
  expect(faults).toEqual([]);
});

async function ask(path: string): Promise<unknown> {
  const response = await fetch(serviceAddress() + path, {
    headers: { Accept: 'application/json', 'Accept-Language': 'zh' },
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return await response.json();
}

async function features(collection: string, limit: number): Promise<Feature[]> {
  const answer = (await ask(`/collections/${collection}/items?limit=${limit}`)) as { features: unknown[] };
  return answer.features.map((feature) => readFeature(collection, feature));
}

async function locate([lon, lat]: Position): Promise<Match> {
  return readMatch(await ask(`/locate?lon=${lon}&lat=${lat}&datum=wgs84`));
}

async function compliance(town: string): Promise<Compliance> {
  return readCompliance(await ask(`/towns/${encodeURIComponent(town)}/compliance`), 'zh');
}

/** A place inside the feature, as close to a round number as the page's own address keeps it. */
function placeOf(feature: Feature | undefined): Position {
  const at = feature?.geometry && interiorOf(feature.geometry);
  if (!at) throw new Error(`${feature?.code} has no interior`);
  return at;
}

/** A cell that the service itself finds at the cell's own interior. */
async function someCell(): Promise<{ cell: Feature; at: Position; match: Match }> {
  const [cell] = await features('cells', 1);
  const at = placeOf(cell);
  const match = await locate(at);
  if (!cell || match.cell?.code !== cell.code) throw new Error(`${coordinate(...at)} is not in ${cell?.code}`);
  return { cell, at, match };
}

function addressOf([lon, lat]: Position, zoom = 16, query = ''): string {
  return `/${query}#map=${zoom}/${lat}/${lon}`;
}

/** What the panel says about a place, once it has finished saying it. */
async function readPanel() {
  const { page } = visit;
  await page.locator('#answer .match').waitFor();
  await page.locator('#answer .waiting').waitFor({ state: 'detached' });
  const codes = (part: string) =>
    page
      .locator(`#answer .match [data-part=${part}]`)
      .evaluateAll((found) => found.map((e) => e.getAttribute('data-code')));
  return {
    cell: (await codes('cell'))[0] ?? undefined,
    chain: await codes('chain'),
    town: (await codes('town'))[0],
    side: await page.locator('#answer .side').innerText(),
    text: await page.locator('#answer').innerText(),
  };
}

async function readFindings() {
  const findings = await visit.page.locator('#answer .finding').all();
  return Promise.all(
    findings.map(async (finding) => ({
      metric: await finding.locator('h3').innerText(),
      verdict: (await finding.locator('.verdict').innerText()).replace(/^\S\s*/, ''),
    })),
  );
}

/** Waits until what is read is what is wanted, or says what it was at last. */
async function eventually<T>(read: () => Promise<T>, wanted: T): Promise<void> {
  await expect.poll(read, { timeout: 20_000, interval: 100 }).toEqual(wanted);
}

describe('the watch over every test', () => {
  it('notices what the policy stops, what leaves the machine, errors and dialogs', async () => {
    const strict = await Visit.begin(browser);
    await strict.open('/');
    expect(strict.faults()).toEqual([]);
    await strict.page.evaluate(() => {
      new Image().src = 'http://example.invalid/strict.png';
    });
    await expect.poll(() => strict.reports.length, { timeout: 10_000 }).toBeGreaterThan(0);
    await strict.context.close();

    const loose = await Visit.begin(browser, { bypassCSP: true });
    await loose.open('/');
    await loose.page.evaluate(() => {
      new Image().src = 'http://example.invalid/loose.png';
      setTimeout(() => {
        alert('seen');
        throw new Error('heard');
      });
    });
    await expect
      .poll(() => [loose.foreign, loose.dialogs], { timeout: 10_000 })
      .toEqual([['http://example.invalid/loose.png'], ['seen']]);
    await expect.poll(() => loose.errors.join(), { timeout: 10_000 }).toContain('heard');
    await loose.context.close();
  });
});

describe('the map', () => {
  it('draws the district and says what the data is', async () => {
    await visit.open('/');
    expect(visit.tiles.length).toBeGreaterThan(0);
    expect(await visit.page.locator('html').getAttribute('lang')).toBe('zh-CN');
    expect(await visit.page.locator('h1').innerText()).toContain(zh.title);
    const titles = await visit.page.locator('#legend strong').allInnerTexts();
    for (const collection of ['towns', 'units', 'cells', 'parcels', 'facilities']) {
      expect(titles).toContain(wordFor(zh.collections, collection));
    }
    const notice = visit.page.locator('#notice');
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(/合成/);
    await visit.shoot('district');
  });

  it('shows what the pointer is on, out of the tiles', async () => {
    const { cell, at } = await someCell();
    await visit.open(addressOf(at));
    const { x, y } = await visit.centre();
    await visit.page.mouse.move(x, y);
    await eventually(() => visit.page.locator('.readout-cell').innerText(), cell.name || cell.code);
    const [lon, lat] = (await visit.page.locator('#readout .figures').innerText()).split(', ').map(Number);
    expect(lon).toBeCloseTo(at[0], 4);
    expect(lat).toBeCloseTo(at[1], 4);
  });

  it('switches a collection off and on', async () => {
    const [town] = await features('towns', 1);
    await visit.open(addressOf(placeOf(town), 13));
    const flip = visit.page.getByRole('switch', { name: zh.legend.show(zh.collections.towns ?? '') });
    const picture = () => visit.page.locator('#map').screenshot();
    const before = await picture();
    await flip.click();
    expect(await flip.getAttribute('aria-checked')).toBe('false');
    await expect.poll(async () => (await picture()).equals(before), { timeout: 20_000 }).toBe(false);
    await flip.click();
    expect(await flip.getAttribute('aria-checked')).toBe('true');
  });
});

describe('a click', () => {
  it('shows the cell and chain that /locate answers', async () => {
    const { at, match } = await someCell();
    await visit.open(addressOf(at));
    await visit.clickCentre();
    const panel = await readPanel();
    expect(panel).toMatchObject({
      cell: match.cell?.code,
      chain: match.chain.map(({ code }) => code),
      town: match.town?.code,
    });
    for (const { name } of match.chain) expect(panel.text).toContain(name);
    // The click falls on a whole pixel, which is within two metres of the place at this zoom.
    const [clicked] = await visit.page.locator('#answer .place .figures').allInnerTexts();
    const [lon = 0, lat = 0] = (clicked ?? '').split(', ').map(Number);
    expect(Math.hypot((lon - at[0]) * 97_000, (lat - at[1]) * 111_000)).toBeLessThan(5);
    await visit.shoot('cell');
  });

  it('says the distance to the border that /locate answers', async () => {
    const { at } = await someCell();
    await visit.open(`/#map=14/${at[1]}/${at[0]}&at=${at[0].toFixed(6)},${at[1].toFixed(6)}`);
    const match = await locate([Number(at[0].toFixed(6)), Number(at[1].toFixed(6))]);
    expect((await readPanel()).side).toBe(sideText(match, zh));
  });

  it('shows the verdicts on every town that the service gives', async () => {
    await visit.page.setViewportSize({ width: 1280, height: 1000 });
    for (const town of await features('towns', 10)) {
      const at = placeOf(town);
      await visit.page.goto('about:blank');
      await visit.open(addressOf(at, 14));
      await visit.clickCentre();
      const panel = await readPanel();
      expect(panel.town).toBe((await locate(at)).town?.code);
      expect(panel.town).toBe(town.code);
      const { findings } = await compliance(town.code);
      expect(findings.length).toBeGreaterThan(0);
      expect(await readFindings()).toEqual(
        findings.map(({ metric, verdict }) => ({ metric: wordFor(zh.metrics, metric), verdict })),
      );
      await visit.shoot(`town-${town.code.replace(/\W/g, '_')}`);
    }
  });

  it('names the nearest cell outside the district', async () => {
    const { bbox } = (await ask('/style.json').then((style) => ({ bbox: style }))) as {
      bbox: { center: [number, number] };
    };
    const at: Position = [bbox.center[0] + 1.5, bbox.center[1]];
    const match = await locate(at);
    expect(match.cell).toBeUndefined();
    await visit.open(addressOf(at, 12));
    await visit.clickCentre();
    const panel = await readPanel();
    expect(panel).toMatchObject({ cell: undefined, chain: [], town: undefined });
    expect(panel.text).toContain(zh.panel.noCell);
    if (match.nearest) expect(panel.text).toContain(match.nearest.name || match.nearest.code);
  });

  it('can be made from the keyboard', async () => {
    const { cell, at } = await someCell();
    await visit.open(addressOf(at));
    await visit.page.locator('.maplibregl-canvas').focus();
    await visit.page.keyboard.press('Enter');
    expect((await readPanel()).cell).toBe(cell.code);
    await visit.page.getByRole('button', { name: zh.panel.close }).focus();
    await visit.page.keyboard.press('Escape');
    expect(await visit.page.locator('#panel').isVisible()).toBe(false);
  });
});

describe('the search', () => {
  async function search(line: string): Promise<void> {
    await visit.page.locator('#query').fill(line);
    await visit.page.keyboard.press('Enter');
  }

  it.each(['wgs84', 'gcj02', 'bd09'] as const)('finds a coordinate in %s', async (datum) => {
    const { cell, at, match } = await someCell();
    await visit.open('/');
    await visit.page.locator('#datum').selectOption(datum);
    await search(shiftTo(datum, at).join(', '));
    const panel = await readPanel();
    expect(panel).toMatchObject({ cell: cell.code, chain: match.chain.map(({ code }) => code) });
    await visit.settle();
    // The mark stands where the map itself has the cell.
    const marker = await visit.page.locator('.marker').boundingBox();
    if (!marker) throw new Error('there is no mark');
    await visit.page.mouse.move(marker.x + marker.width / 2, marker.y + marker.height / 2);
    await eventually(() => visit.page.locator('.readout-cell').innerText(), cell.name || cell.code);
  });

  it('finds a cell, a town and a unit by code and goes there', async () => {
    visit.refusals.push(/\/collections\/\w+\/items\//);
    const [[cell], [town], [unit]] = await Promise.all([
      features('cells', 1),
      features('towns', 1),
      features('units', 1),
    ]);
    if (!cell || !town || !unit) throw new Error('the district is empty');
    await visit.open('/');
    for (const wanted of [cell, town, unit]) {
      await search(wanted.code);
      await visit.page.locator(`#answer .feature [data-code="${wanted.code}"]`).waitFor();
      expect(await visit.page.locator('#answer h2').first().innerText()).toBe(wanted.name || wanted.code);
    }
    await search(town.code);
    await visit.page.locator('#answer .finding').first().waitFor();
    await visit.settle();
    await visit.shoot('search-town');
  });

  it('says so when there is no such code or the line cannot be read', async () => {
    visit.refusals.push(/\/collections\/\w+\/items\//);
    await visit.open('/');
    const hint = visit.page.locator('#hint');
    await search('no-such-code');
    await eventually(() => hint.innerText(), zh.search.nothing('no-such-code'));
    await search('118.9,');
    await eventually(() => hint.innerText(), zh.search.unreadable);
    await search('500000, 3210000');
    await eventually(() => hint.innerText(), zh.search.outOfRange);
  });
});

describe('a refusal', () => {
  it('is shown in the service’s own words', async () => {
    visit.refusals.push(/\/locate\?/);
    const { at } = await someCell();
    await visit.open(addressOf(at));
    const detail = '快照正在重建 <b>请稍后</b>';
    const body = JSON.stringify({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail,
      code: 'busy',
    });
    const refuse = (route: Route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body });
    await visit.page.route('**/locate?*', refuse);
    await visit.clickCentre();
    const problem = visit.page.locator('#answer .problem');
    await eventually(() => problem.locator('h2').innerText(), detail);
    expect(await problem.innerText()).toContain('503 Service Unavailable');
    await visit.page.unroute('**/locate?*', refuse);
    await problem.getByRole('button', { name: zh.panel.retry }).click();
    expect((await readPanel()).cell).toBeDefined();
  });
});

/** Texts that would run, break out or turn around if they were anything but texts. */
const payloads = [
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '"><script>alert(1)</script>',
  "'><img src=x onerror=alert(1)>",
  '" onmouseover="alert(1)" x="',
  "' onfocus='alert(1)' autofocus='",
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '<a href="javascript:alert(1)">x</a>',
  '<iframe srcdoc="<script>parent.alert(1)</script>">',
  '<iframe src="javascript:alert(1)">',
  '<object data="javascript:alert(1)">',
  '<embed src="javascript:alert(1)">',
  '<body onload=alert(1) ontoggle=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<video><source onerror=alert(1)></video>',
  '<style>@import "//example.invalid/x.css";</style>',
  '<link rel=stylesheet href=//example.invalid/x.css>',
  '<meta http-equiv=refresh content="0;url=//example.invalid/">',
  '<base href="//example.invalid/">',
  '<math><mtext><img src=x onerror=alert(1)></mtext></math>',
  '<template><script>alert(1)</script></template>',
  '&lt;img src=x onerror=alert(1)&gt;',
  '{{constructor.constructor("alert(1)")()}}',
  '$' + '{alert(1)}',
  'a\u2028alert(1)//',
  '\u202e)1(trela\u202c<!--',
  '-->]]>*/;alert(1)//',
];

describe('hostile names', () => {
  it(`stay texts, all ${payloads.length} of them`, async () => {
    const [town] = await features('towns', 1);
    const at = placeOf(town);
    // Drawing is the slow part without a graphics card, and not what is judged here.
    await visit.page.setViewportSize({ width: 800, height: 600 });
    await visit.open(addressOf(at, 14));
    let payload = '';
    // What the service answers, with every name and sentence in it replaced.
    const poison = async (route: Route) => {
      const response = await route.fetch();
      const json = JSON.parse(await response.text(), (key, value) =>
        ['name', 'clause', 'edition', 'detail', 'unit'].includes(key) && typeof value === 'string' ? payload : value,
      );
      await route.fulfill({ response, json });
    };
    await visit.page.route(/\/(locate\?|towns\/|collections\/)/, poison);
    const elements = () =>
      visit.page.locator('#answer').evaluate((answer) => {
        const tags = new Set([...answer.querySelectorAll('*')].map(({ localName }) => localName));
        const attributes = new Set([...answer.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()));
        return { tags: [...tags], attributes: [...attributes] };
      });
    for (payload of payloads) {
      await visit.clickCentre();
      await visit.page.locator('#answer .finding').first().waitFor();
      const title = await visit.page.locator('#answer .match h2').textContent();
      expect(title).toBe(payload.replace(/[\u2028\u202c\u202e]/g, '▯'));
      const { tags, attributes } = await elements();
      for (const tag of ['img', 'script', 'iframe', 'object', 'embed', 'a', 'style', 'link', 'base', 'meta', 'video']) {
        expect(tags, payload).not.toContain(tag);
      }
      for (const attribute of attributes) expect(attribute, payload).not.toMatch(/^on|^href$|^src$|^style$/);
      await visit.page.locator('#answer .link').first().hover();
    }
    await visit.shoot('hostile');
  });
});

describe('other readers', () => {
  it('see English when they ask for it', async () => {
    await visit.open('/?lang=en');
    expect(await visit.page.locator('html').getAttribute('lang')).toBe('en');
    expect(await visit.page.locator('h1').innerText()).toContain(en.title);
    await visit.page.getByRole('button', { name: en.otherLanguage }).click();
    await visit.settle();
    expect(await visit.page.locator('h1').innerText()).toContain(zh.title);
    expect(visit.page.url()).toContain('lang=zh');
  });

  it('have their language read from the browser', async () => {
    const other = await Visit.begin(browser, { locale: 'en-GB' });
    const [town] = await features('towns', 1);
    await other.open(addressOf(placeOf(town), 14));
    await other.clickCentre();
    await other.page.locator('#answer .finding').first().waitFor();
    expect(await other.page.locator('#answer').innerText()).toContain(en.panel.chain);
    await other.shoot('english');
    expect(other.faults()).toEqual([]);
    await other.context.close();
  });

  it('find everything within a telephone', async () => {
    const phone = await Visit.begin(browser, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const { cell, at } = await someCell();
    await phone.open(addressOf(at));
    const { x, y } = await phone.centre();
    await phone.page.touchscreen.tap(x, y);
    await phone.page.locator(`#answer .match [data-code="${cell.code}"]`).waitFor();
    const panel = await phone.page.locator('#panel').boundingBox();
    expect(panel).toMatchObject({ x: 0, width: 390 });
    expect((panel?.y ?? 0) + (panel?.height ?? 0)).toBeLessThanOrEqual(844);
    expect(await phone.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await phone.settle();
    // The place moved out from under the answer.
    const marker = await phone.page.locator('.marker').boundingBox();
    expect((marker?.y ?? 844) + (marker?.height ?? 0)).toBeLessThan(panel?.y ?? 0);
    expect(marker?.y).toBeGreaterThan(140);
    await phone.shoot('telephone');
    expect(phone.faults()).toEqual([]);
    await phone.context.close();
  });
});
