import { afterEach, describe, expect, it, vi } from 'vitest';
import { ShapeError } from '../src/decode';
import {
  asProblem,
  isAbort,
  Problem,
  readCompliance,
  readFeature,
  readMatch,
  readNotice,
  readProblem,
  Service,
} from '../src/service';
import { wordsIn } from '../src/words';

const located = {
  point: { lon: 118.9, lat: 29, datum: 'wgs84' },
  cell: { code: '330890001004', name: '滨江一网格' },
  chain: [{ level: 'station', code: 'S7', name: '滨江警务站' }],
  town: null,
  side: 'inside',
  borderDistanceM: 132.4,
  others: [],
  nearest: null,
  versions: { cells: 3, units: '2' },
};

describe('reading /locate', () => {
  it('takes the agreed form', () => {
    expect(readMatch(located)).toEqual({
      cell: { code: '330890001004', name: '滨江一网格' },
      chain: [{ level: 'station', code: 'S7', name: '滨江警务站' }],
      town: undefined,
      side: 'inside',
      borderDistanceM: 132.4,
      others: [],
      nearest: undefined,
      versions: ['cells 3', 'units 2'],
    });
  });

  it('takes what is missing as missing', () => {
    const bare = readMatch({ side: 'outside', cell: null });
    expect(bare).toMatchObject({ cell: undefined, chain: [], others: [], versions: [] });
  });

  it('takes claimants as features or as codes', () => {
    expect(readMatch({ ...located, others: ['A', { code: 'B', name: '乙' }] }).others).toEqual([
      { code: 'A', name: '' },
      { code: 'B', name: '乙' },
    ]);
  });

  it.each([
    null,
    [],
    'x',
    {},
    { ...located, side: 'within' },
    { ...located, cell: 'X' },
    { ...located, cell: { name: 'x' } },
    { ...located, chain: {} },
    { ...located, borderDistanceM: '132' },
    { ...located, nearest: { code: 'X', distanceM: null } },
    { ...located, cell: { code: { toString: 'x' } } },
  ])('%j is refused', (value) => {
    expect(() => readMatch(value)).toThrow(ShapeError);
  });
});

describe('reading a report', () => {
  const finding = { metric: 'residents', value: 3500, unit: '人', band: [3000, 4000], clause: 'c', verdict: '符合' };
  const report = { town: { code: 'T1', name: '云栖' }, standard: { id: 's', edition: 'e', checksum: 'c' } };

  it('takes open bands, missing values and sentences in the language', () => {
    const open = {
      ...finding,
      title: { zh: '常住人口', en: 'residents' },
      value: null,
      band: [1, null],
      inputs: { parcels: 12, list: ['a'] },
      remedy: { text: { zh: '请先补正', en: 'first supply' }, levers: [] },
      messages: [{ zh: '说明', en: 'note' }],
    };
    const answer = { ...report, findings: [finding, open], notes: [{ zh: '试行', en: 'trial' }], versions: {} };
    const { findings, notes } = readCompliance(answer, 'en');
    expect(notes).toEqual(['trial']);
    expect(findings[0]).toMatchObject({
      value: 3500,
      band: { min: 3000, max: 4000 },
      inputs: [],
      remedy: '',
      messages: [],
    });
    expect(findings[1]).toMatchObject({
      title: 'residents',
      value: undefined,
      band: { min: 1, max: undefined },
      remedy: 'first supply',
      messages: ['note'],
      inputs: [
        { name: 'parcels', value: '12' },
        { name: 'list', value: '["a"]' },
      ],
    });
    expect(readCompliance(answer, 'zh').findings[1]).toMatchObject({ title: '常住人口', remedy: '请先补正' });
  });

  it.each([
    { ...report },
    { ...report, findings: [{ metric: 'x' }] },
    { ...report, findings: [{ ...finding, value: 'x' }] },
    { ...report, findings: [{ ...finding, title: { zh: 1n } }] },
    { ...report, findings: [], notes: [7] },
  ])('%# is refused', (value) => {
    expect(() => readCompliance(value, 'zh')).toThrow(ShapeError);
  });
});

describe('reading a feature', () => {
  it('takes its code from properties or ID', () => {
    const geometry = { type: 'Point', coordinates: [118.9, 29] };
    const byID = readFeature('facilities', {
      type: 'Feature',
      id: 'F1',
      geometry,
      properties: { name: '面馆', kind: 'dining' },
    });
    expect(byID).toMatchObject({ code: 'F1', name: '面馆', properties: [{ name: 'kind', value: 'dining' }] });
    expect(readFeature('facilities', { properties: { code: 'F2' }, geometry: null })).toMatchObject({
      code: 'F2',
      name: '',
    });
    expect(() => readFeature('facilities', { properties: {} })).toThrow(ShapeError);
  });
});

describe('reading notices and problems', () => {
  it('takes what is there', () => {
    expect(readNotice({ tiles: [] })).toEqual({ attribution: '', description: '' });
    expect(readProblem({ title: 'T', detail: 'D', violations: [{ message: 'm' }] }, 422, 'x')).toMatchObject({
      title: 'T',
      detail: 'D',
      status: 422,
      violations: [{ message: 'm', fix: '' }],
    });
    expect(readProblem({}, 500, '状态 500')).toMatchObject({ title: '状态 500', detail: '' });
  });
});

describe('the service', () => {
  afterEach(() => vi.unstubAllGlobals());

  function answering(...answers: Response[]) {
    const asked = vi.fn<typeof fetch>(async () => answers.shift() ?? new Response(null, { status: 500 }));
    vi.stubGlobal('fetch', asked);
    return asked;
  }

  function json(value: unknown, status = 200): Response {
    return new Response(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json' } });
  }

  const service = new Service('http://localhost:8080/base/', 'zh');

  it('asks relative to the page, in the page’s language', async () => {
    const asked = answering(json(located));
    await service.locate(118.9, 29.5, 'gcj02');
    expect(String(asked.mock.calls[0]?.[0])).toBe('http://localhost:8080/base/locate?lon=118.9&lat=29.5&datum=gcj02');
    expect(asked.mock.calls[0]?.[1]?.headers).toMatchObject({ 'Accept-Language': 'zh' });
  });

  it('has reports on paper at an address of their own, whatever the code', () => {
    expect(service.paper('../x?y', 'html')).toBe(
      'http://localhost:8080/base/towns/..%2Fx%3Fy/compliance?f=html&lang=zh',
    );
  });

  it('lets no code leave its place in the address', async () => {
    const asked = answering(json({}, 404));
    expect(await service.feature('cells', '../../x?y#z')).toBeUndefined();
    expect(String(asked.mock.calls[0]?.[0])).toBe(
      'http://localhost:8080/base/collections/cells/items/..%2F..%2Fx%3Fy%23z',
    );
  });

  it('turns a refusal into its own words', async () => {
    answering(json({ title: 'Bad Request', detail: '经度超出范围', status: 400 }, 400));
    await expect(service.locate(1, 2, 'wgs84')).rejects.toMatchObject({ detail: '经度超出范围', status: 400 });
  });

  it('has words of its own for a refusal without any', async () => {
    answering(new Response('<html>', { status: 502 }));
    await expect(service.compliance('T1')).rejects.toMatchObject({ title: '服务回答了状态 502', status: 502 });
  });

  it('gives up when told to', async () => {
    vi.stubGlobal('fetch', (_: unknown, { signal }: { signal: AbortSignal }) => Promise.reject(signal.reason));
    const task = new AbortController();
    task.abort();
    const reason = await service.locate(1, 2, 'wgs84', task.signal).catch((thrown: unknown) => thrown);
    expect(isAbort(reason)).toBe(true);
  });
});

describe('anything thrown', () => {
  const { problem } = wordsIn('zh');

  it.each([
    [new TypeError('Failed to fetch'), problem.network],
    [new DOMException('late', 'TimeoutError'), problem.timeout],
    [new ShapeError('side'), problem.shape],
    [new SyntaxError('Unexpected token'), problem.network],
  ])('%s becomes a problem', (reason, title) => {
    expect(asProblem(reason, 'zh').title).toBe(title);
  });

  it('stays the problem it is', () => {
    const own = new Problem('t', 'd', 400);
    expect(asProblem(own, 'zh')).toBe(own);
  });
});
