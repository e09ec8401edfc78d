import { describe, expect, it } from 'vitest';
import { featureView, matchView, problemView, sideText, underView, valueText, versionsView } from '../src/panel';
import { type Feature, type Match, Problem } from '../src/service';
import { find, textOf } from '../src/view';
import { wordsIn } from '../src/words';

const zh = wordsIn('zh');
const en = wordsIn('en');
const nowhere = () => {};

const match: Match = {
  cell: { code: '330890001004', name: '滨江一网格' },
  chain: [
    { level: 'station', code: 'S7', name: '滨江警务站' },
    { level: 'room', code: 'R2', name: '城东警务室' },
    { level: 'centre', code: 'C', name: '示范区指挥中心' },
  ],
  town: { code: 'T1', name: '云栖小镇' },
  side: 'inside',
  borderDistanceM: 132.4,
  others: [],
  nearest: undefined,
  versions: ['cells 3', 'towns 1'],
};

describe('a match', () => {
  it('says cell, chain in order, town and distance', () => {
    const view = matchView(match, zh, nowhere);
    const said = textOf(view);
    expect(said).toContain('滨江一网格');
    expect(said).toContain('330890001004');
    expect(said).toContain('在网格内，距边界 132 米');
    const chain = find(view, ({ attributes }) => attributes['data-part'] === 'chain');
    expect(chain.map((unit) => unit.attributes['data-code'])).toEqual(['S7', 'R2', 'C']);
    expect(chain.map(textOf)).toEqual([
      '网格警务站滨江警务站 S7',
      '网格警务室城东警务室 R2',
      '指挥中心示范区指挥中心 C',
    ]);
    expect(said).toContain('云栖小镇');
  });

  it('goes to what it names', () => {
    const gone: string[] = [];
    const view = matchView(match, zh, (collection, code) => gone.push(`${collection}/${code}`));
    for (const { act } of find(view, ({ tag }) => tag === 'button')) act?.(new Event('click'));
    expect(gone).toEqual(['units/S7', 'units/R2', 'units/C', 'towns/T1']);
  });

  it('says where the nearest cell is when there is none', () => {
    const outside: Match = {
      ...match,
      cell: undefined,
      chain: [],
      town: undefined,
      side: 'outside',
      borderDistanceM: undefined,
      nearest: { code: 'X', name: '', distanceM: 1234 },
    };
    const said = textOf(matchView(outside, zh, nowhere));
    expect(said).toContain('不在任何网格内');
    expect(said).toContain('在所有网格之外，最近的网格相距 1.2 公里');
    expect(said).toContain('不在特色小镇内');
    expect(sideText({ ...outside, nearest: undefined }, en)).toBe('Outside every cell');
  });

  it('tells an edge from an inside', () => {
    expect(sideText({ ...match, side: 'edge', borderDistanceM: 0 }, zh)).toContain('正好在边界上');
  });

  it('names the others that claim the point', () => {
    const view = matchView({ ...match, others: [{ code: 'O', name: '重叠网格' }] }, en, nowhere);
    expect(textOf(view)).toContain('Cells that also claim this point重叠网格 O');
  });

  it('shows a name that is missing by its code', () => {
    expect(textOf(matchView({ ...match, cell: { code: 'X9', name: '' } }, zh, nowhere))).toContain('网格X9');
  });

  it('lets names be texts', () => {
    const name = '<script>alert(1)</script>\u202e';
    const view = matchView({ ...match, cell: { code: name, name }, town: { code: name, name } }, zh, nowhere);
    expect(find(view, ({ tag }) => (tag as string) === 'script')).toEqual([]);
    expect(textOf(view)).toContain('<script>alert(1)</script>▯');
  });

  it('tells its versions', () => {
    expect(versionsView(match.versions, zh).map(textOf)).toEqual(['依据的数据版本cells 3 · towns 1']);
    expect(versionsView([], zh)).toEqual([]);
  });
});

describe('a feature', () => {
  const town: Feature = {
    collection: 'towns',
    code: 'T1',
    name: '云栖小镇',
    geometry: undefined,
    properties: [
      { name: 'class', value: '1' },
      { name: 'plan_area', value: '3120000' },
      { name: 'stage', value: '创建' },
      { name: 'climate_zone', value: '' },
      { name: 'odd', value: 'constructor' },
    ],
  };

  it('shows its properties in words', () => {
    const said = textOf(featureView(town, zh, nowhere));
    expect(said).toContain('类别一类 · 技术与金融服务');
    expect(said).toContain('规划面积312 公顷（4,680 亩）');
    expect(said).toContain('建筑气候区未填');
    expect(said).toContain('oddconstructor');
    expect(textOf(featureView(town, en, nowhere))).toContain('StageBuilding');
  });

  it('leads to the features that its properties name', () => {
    const gone: string[] = [];
    const cell: Feature = { ...town, collection: 'cells', properties: [{ name: 'unit', value: 'S7' }] };
    const view = featureView(cell, zh, (collection, code) => gone.push(`${collection}/${code}`));
    find(view, ({ tag }) => tag === 'button')[0]?.act?.(new Event('click'));
    expect(gone).toEqual(['units/S7']);
  });

  it.each([
    ['construction', 'true', '建设用地'],
    ['listed', 'true', '是'],
    ['listed', 'false', '否'],
    ['kind', 'dining', '餐饮'],
    ['stated_area', '650', '650 m²'],
    ['stated_area', 'about 650', 'about 650'],
    ['toString', 'x', 'x'],
  ])('%s %s is %s', (name, value, wanted) => {
    expect(valueText(name, value, zh)).toBe(wanted);
  });

  it('is told by its sort where the map draws it', () => {
    const parcel: Feature = {
      ...town,
      collection: 'parcels',
      code: 'P1',
      name: '',
      properties: [
        { name: 'land_use', value: '0701' },
        { name: 'land_use_name', value: '城镇住宅用地' },
      ],
    };
    const shop: Feature = {
      ...town,
      collection: 'facilities',
      code: 'F1',
      name: '面馆',
      properties: [{ name: 'kind', value: 'dining' }],
    };
    expect(underView([parcel, shop], zh, nowhere).map(textOf)).toEqual(['此处的要素城镇住宅用地P1餐饮面馆 F1']);
    expect(underView([], zh, nowhere)).toEqual([]);
  });
});

describe('a problem', () => {
  it('says what is wrong before what kind of problem it is', () => {
    const problem = new Problem('Bad Request', '经度超出范围', 400, [{ message: '第 3 行', fix: '请修改' }]);
    expect(textOf(problemView(problem, zh))).toBe('经度超出范围400 Bad Request第 3 行 请修改');
    expect(problemView(problem, zh).attributes.role).toBe('alert');
  });

  it('offers another try where one may help', () => {
    let tries = 0;
    const [again] = find(
      problemView(new Problem('无法连接', '', 0), zh, () => tries++),
      ({ tag }) => tag === 'button',
    );
    again?.act?.(new Event('click'));
    expect(tries).toBe(1);
    expect(find(problemView(new Problem('x', '', 0), zh), ({ tag }) => tag === 'button')).toEqual([]);
  });
});
