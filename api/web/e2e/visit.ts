import { mkdirSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where pictures of what was seen are kept. */
const shots = new URL('../shots/', import.meta.url).pathname;

/** The address of the running service, without a slash at its end. */
export function serviceAddress(): string {
  const address = process.env.TOWNGRID_URL;
  if (!address) {
    throw new Error(
      'TOWNGRID_URL is not set: start `towngrid demo` and set it to its address, such as http://127.0.0.1:8080',
    );
  }
  return address.replace(/\/$/, '');
}

/** Starts Chromium so that it asks for nothing by itself and can reach nothing but this machine. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  });
}

/** One page, and everything about it that must not happen. */
export class Visit {
  readonly foreign: string[] = [];
  readonly errors: string[] = [];
  readonly dialogs: string[] = [];
  readonly reports: string[] = [];
  /** Addresses of vector tiles that came with content. */
  readonly tiles: string[] = [];
  /** Addresses whose refusal by the service is part of the test. */
  readonly refusals: RegExp[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  /** Opens a page that is watched from its first byte on. */
  static async begin(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      ...options,
    });
    const visit = new Visit(context, await context.newPage());
    await visit.watch();
    return visit;
  }

  /** Everything that went wrong, empty when nothing did. */
  faults(): string[] {
    return [
      ...this.foreign.map((url) => `request that leaves the machine: ${url}`),
      ...this.errors.map((text) => `console error: ${text}`),
      ...this.dialogs.map((text) => `dialog: ${text}`),
      ...this.reports.map((text) => `policy violation: ${text}`),
    ];
  }

  /** Opens the map at a place and waits until it stands still. */
  async open(path: string): Promise<void> {
    await this.page.goto(serviceAddress() + path);
    await this.settle();
  }

  async settle(): Promise<void> {
    await this.page.locator('#map[data-state=idle]').waitFor({ timeout: 60_000 });
  }

  /** The middle of the map, in pixels of the page. */
  async centre(): Promise<{ x: number; y: number }> {
    const box = await this.page.locator('#map').boundingBox();
    if (!box) throw new Error('the map is not visible');
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  async clickCentre(): Promise<void> {
    const { x, y } = await this.centre();
    await this.page.mouse.click(x, y);
  }

  async shoot(name: string): Promise<void> {
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: `${shots}${name}.png` });
  }

  private async watch(): Promise<void> {
    const { context, page } = this;
    const home = new URL(serviceAddress()).origin;
    await context.route(
      (url) => !['data:', 'blob:'].includes(url.protocol) && url.origin !== home,
      (route) => {
        this.note(new URL(route.request().url()), home);
        return route.abort();
      },
    );
    // Requests of workers are seen here even where they are not routed.
    context.on('request', (request) => this.note(new URL(request.url()), home));
    context.on('response', (response) => {
      if (response.url().endsWith('.mvt') && response.status() === 200) this.tiles.push(response.url());
    });
    page.on('console', (message) => {
      if (message.type() === 'error' && !this.isExpected(message.location().url)) this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('dialog', (dialog) => {
      this.dialogs.push(dialog.message());
      return dialog.dismiss();
    });
    await context.exposeBinding('reportViolation', (_source, text: string) => void this.reports.push(text));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        const { reportViolation } = window as unknown as { reportViolation: (text: string) => void };
        reportViolation(`${violatedDirective} ${blockedURI}`);
      });
    });
  }

  private note(url: URL, home: string): void {
    if (url.protocol === 'data:' || url.protocol === 'blob:' || url.origin === home) return;
    if (!this.foreign.includes(url.href)) this.foreign.push(url.href);
  }

  private isExpected(url: string): boolean {
    return this.refusals.some((refusal) => refusal.test(url));
  }
}
