import type { StyleSpecification } from 'maplibre-gl';
import { describe, expect, it } from 'vitest';
import { entryTitle, groupView, legendOf } from '../src/legend';
import { find, textOf } from '../src/view';
import { wordsIn } from '../src/words';

const zh = wordsIn('zh');

const style: StyleSpecification = {
  version: 8,
  sources: { all: { type: 'vector', url: '/tiles/all.json' } },
  layers: [
    { id: 'paper', type: 'background', paint: { 'background-color': '#fff' } },
    {
      id: 'parcels',
      type: 'fill',
      source: 'all',
      minzoom: 12,
      'source-layer': 'parcels',
      paint: {
        'fill-color': ['match', ['slice', ['get', 'land_use'], 0, 2], '07', '#fe0', ['08', '09'], '#f66', '#ccc'],
      },
    },
    {
      id: 'parcels-line',
      type: 'line',
      source: 'all',
      minzoom: 14,
      'source-layer': 'parcels',
      paint: { 'line-color': '#999' },
    },
    {
      id: 'towns',
      type: 'fill',
      source: 'all',
      'source-layer': 'towns',
      layout: { visibility: 'none' },
      paint: { 'fill-color': ['match', ['to-number', ['get', 'class']], 1, '#11a', 2, '#1a1', 3, '#11a', '#888'] },
    },
    { id: 'cells', type: 'fill', source: 'all', 'source-layer': 'cells', paint: { 'fill-color': '#eee' } },
    { id: 'cells-line', type: 'line', source: 'all', 'source-layer': 'cells_borders', paint: { 'line-color': '#555' } },
    { id: 'cells-name', type: 'symbol', source: 'all', 'source-layer': 'cells_labels' },
    {
      id: 'units-line',
      type: 'line',
      source: 'all',
      'source-layer': 'units_borders',
      paint: { 'line-color': ['match', ['get', 'level'], 'centre', '#300', 'room', '#800', '#c88'] },
    },
    { id: 'shops', type: 'circle', source: 'all', 'source-layer': 'facilities', paint: { 'circle-color': '#06c' } },
  ],
};

describe('the legend', () => {
  const groups = legendOf(style);

  it('has one group for each collection, with all its layers', () => {
    expect(groups.map(({ collection, layers }) => [collection, layers])).toEqual([
      ['parcels', ['parcels', 'parcels-line']],
      ['towns', ['towns']],
      ['cells', ['cells', 'cells-line', 'cells-name']],
      ['units', ['units-line']],
      ['facilities', ['shops']],
    ]);
  });

  it('knows what the style hides', () => {
    expect(groups.map(({ visible }) => visible)).toEqual([true, false, true, true, true]);
  });

  it('reads colours and values from the style’s own expressions', () => {
    expect(groups[0]?.entries).toEqual([
      { drawn: 'fill', colour: '#fe0', property: 'land_use', values: ['07'] },
      { drawn: 'fill', colour: '#f66', property: 'land_use', values: ['08', '09'] },
      { drawn: 'fill', colour: '#ccc', property: 'land_use', values: [] },
    ]);
  });

  it('joins values of one colour', () => {
    expect(groups[1]?.entries.map(({ values }) => values)).toEqual([['1', '3'], ['2'], []]);
  });

  it('takes a collection’s own geometry before its borders', () => {
    expect(groups[2]?.entries).toEqual([{ drawn: 'fill', colour: '#eee', property: undefined, values: [] }]);
  });

  it('names what colours stand for', () => {
    const titles = groups.map((group) => group.entries.map((entry) => entryTitle(entry, group, zh)));
    expect(titles[0]).toEqual(['居住用地', '公共管理与公共服务用地、商业服务业用地', '其他']);
    expect(titles[2]).toEqual(['网格']);
    expect(titles[3]).toEqual(['指挥中心', '网格警务室', '网格警务站']);
    // Every class has a colour of its own, so the colour of all others is never seen.
    expect(titles[1]).toEqual(['一类 · 技术与金融服务、三类 · 体验服务', '二类 · 实物产品', undefined]);
  });

  it('reads conditions and colours that are written out', () => {
    const odd = structuredClone(style);
    odd.layers = [
      {
        id: 'a',
        type: 'fill',
        source: 'all',
        'source-layer': 'parcels',
        paint: { 'fill-color': ['case', ['==', ['get', 'construction'], true], '#c97', ['to-color', '#ab8']] },
      },
    ];
    const [parcels] = legendOf(odd);
    if (!parcels) throw new Error('no group');
    expect(parcels.entries.map((entry) => [entry.colour, entryTitle(entry, parcels, zh)])).toEqual([
      ['#c97', '建设用地'],
      ['#ab8', '非建设用地'],
    ]);
  });

  it('shows a switch that says what it does and how it stands', () => {
    const [parcels, towns] = groups;
    if (!parcels || !towns) throw new Error('groups are missing');
    let pressed = 0;
    const view = groupView(towns, 10, zh, () => pressed++);
    const [flip] = find(view, ({ tag }) => tag === 'button');
    expect(flip?.attributes).toMatchObject({ role: 'switch', 'aria-checked': 'false', 'aria-label': '显示特色小镇' });
    flip?.act?.(new Event('click'));
    expect(pressed).toBe(1);
    expect(
      find(
        groupView(parcels, 12, zh, () => {}),
        ({ tag }) => tag === 'rect',
      ),
    ).toHaveLength(3);
    expect(textOf(view)).toContain('特色小镇');
  });

  it('says when a collection is not drawn at the zoom', () => {
    const [parcels, towns] = groups;
    if (!parcels || !towns) throw new Error('groups are missing');
    expect([parcels.from, towns.from]).toEqual([12, 0]);
    const far = groupView(parcels, 11.9, zh, () => {});
    expect(textOf(far)).toBe(`用地图斑${zh.legend.closer}`);
    expect(textOf(groupView(parcels, 12, zh, () => {}))).not.toContain(zh.legend.closer);
  });

  it('survives expressions it does not know', () => {
    const odd = structuredClone(style);
    odd.layers = [
      { id: 'a', type: 'fill', source: 'all', 'source-layer': 'towns', paint: { 'fill-color': ['get', 'colour'] } },
      { id: 'b', type: 'fill', source: 'all', 'source-layer': 'cells' },
      { id: 'c', type: 'symbol', source: 'all', 'source-layer': 'incidents_labels' },
    ];
    expect(legendOf(odd).map(({ collection, entries }) => [collection, entries.length])).toEqual([
      ['towns', 0],
      ['cells', 0],
      ['incidents', 0],
    ]);
  });
});
