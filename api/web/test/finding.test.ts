import { describe, expect, it } from 'vitest';
import { bandText, bulletOf, complianceView, findingView, toneOf, verdictView } from '../src/finding';
import type { Band, Compliance, Finding } from '../src/service';
import { find, textOf } from '../src/view';
import { wordsIn } from '../src/words';

const zh = wordsIn('zh');
const en = wordsIn('en');

const land: Finding = {
  metric: 'residential_land_per_resident',
  title: '人均居住用地',
  value: 29.5,
  unit: 'm²/人',
  band: { min: 23, max: 36 },
  clause: '第十二条',
  verdict: '符合',
  inputs: [
    { name: 'residents', value: '3500' },
    { name: 'residentialLandM2', value: '103260' },
    { name: 'farmBuildings', value: 'false' },
    { name: 'odd', value: '<b>' },
  ],
  remedy: '其余不变，居住用地面积应为 8.05–12.6 公顷，现已在此范围。',
  messages: ['按整类计'],
};

function band(min?: number, max?: number): Band {
  return { min, max };
}

describe('a verdict', () => {
  it.each([
    ['符合', 'fits', '✓', 'Fits'],
    ['偏低', 'low', '↓', 'Low'],
    ['偏高', 'high', '↑', 'High'],
    ['无法判定', 'unknown', '?', 'Cannot be judged'],
    ['合格', 'unknown', '?', '合格'],
    ['', 'unknown', '?', ''],
    ['constructor', 'unknown', '?', 'constructor'],
  ])('%s has the tone %s, with a sign beside the colour', (verdict, tone, sign, english) => {
    expect(toneOf(verdict)).toBe(tone);
    expect(textOf(verdictView(verdict, zh))).toBe(sign + verdict);
    expect(textOf(verdictView(verdict, en))).toBe(sign + english);
    expect(verdictView(verdict, zh).attributes['data-verdict']).toBe(tone);
  });
});

describe('a band', () => {
  it.each([
    [band(23, 36), 'm²/人', '23–36 m²/人', '23–36 m² per resident'],
    [band(3000, 4000), '人', '3,000–4,000 人', '3,000–4,000 people'],
    [band(1, undefined), '个', '不少于 1 个', 'at least 1'],
    [band(undefined, 5), '', '不多于 5', 'at most 5'],
    [band(69_000, 144_000), 'm²', '6.9–14.4 公顷（104–216 亩）', '6.9–14.4 ha'],
    [band(3, 3), '个', '3 个', '3'],
    [band(), '个', '—', '—'],
    [undefined, '个', '—', '—'],
  ])('%j is told', (ends, unit, chinese, english) => {
    expect(bandText(ends, unit, zh)).toBe(chinese);
    expect(bandText(ends, unit, en)).toBe(english);
  });
});

describe('a bullet chart', () => {
  it('starts at zero and keeps the order of its marks', () => {
    const bullet = bulletOf(29.5, band(23, 36));
    expect(bullet).toMatchObject({ beyond: false });
    expect(bullet?.from).toBeCloseTo(57.04, 2);
    expect(bullet?.to).toBeCloseTo(89.29, 2);
    expect(bullet?.at).toBeCloseTo(73.16, 2);
  });

  it('keeps band and value apart whatever the value', () => {
    for (const value of [0, 10, 22.99, 23, 36, 36.01, 60, 90, 3600, 1e12]) {
      const bullet = bulletOf(value, band(23, 36));
      if (!bullet || bullet.at === undefined) throw new Error('no chart');
      expect(bullet.at).toBeGreaterThanOrEqual(0);
      expect(bullet.at).toBeLessThanOrEqual(100);
      expect(bullet.at < bullet.from).toBe(value < 23);
      expect(bullet.at > bullet.to).toBe(value > 36);
    }
  });

  it('keeps a band in sight that a value is a hundred times above, and says so', () => {
    const bullet = bulletOf(2950, band(23, 36));
    expect(bullet).toMatchObject({ at: 100, beyond: true });
    expect((bullet?.to ?? 0) - (bullet?.from ?? 0)).toBeGreaterThan(10);
  });

  it('reaches to the end where the band is open above', () => {
    expect(bulletOf(3, band(1, undefined))).toMatchObject({ to: 100 });
    expect(bulletOf(0, band(1, undefined))).toMatchObject({ at: 0, beyond: false });
    expect(bulletOf(12, band(1, undefined))).toMatchObject({ beyond: false });
    expect(bulletOf(1000, band(1, undefined))).toMatchObject({ at: 100, beyond: true });
  });

  it('has no mark without a value', () => {
    expect(bulletOf(undefined, band(23, 36))?.at).toBeUndefined();
    expect(bulletOf(-1, band(23, 36))).toMatchObject({ at: 0, beyond: true });
  });

  it.each([band(), band(undefined, 0), band(-5, 5)])('is left out for %j', (ends) => {
    expect(bulletOf(1, ends)).toBeUndefined();
  });
});

describe('a finding', () => {
  it('says metric, verdict, value, band and clause', () => {
    const said = textOf(findingView(land, zh));
    for (const wanted of ['人均居住用地', '符合', '29.5 m²/人', '标准 23–36 m²/人', '第十二条', '按整类计']) {
      expect(said).toContain(wanted);
    }
  });

  it('says what it was computed from', () => {
    const pairs = find(findingView(land, zh), ({ tag }) => tag === 'dt' || tag === 'dd').map(textOf);
    expect(pairs).toEqual([
      '常住人口',
      '3,500',
      '居住用地',
      '10.33 公顷（155 亩）',
      '计入农业设施建设用地',
      '否',
      'odd',
      '<b>',
    ]);
  });

  it('says what would make it fit only where it does not', () => {
    expect(textOf(findingView(land, zh))).not.toContain('其余不变');
    expect(textOf(findingView({ ...land, verdict: '偏低' }, zh))).toContain('其余不变');
    expect(textOf(findingView({ ...land, verdict: '无法判定', remedy: '请先补正：缺少常住人口。' }, zh))).toContain(
      '请先补正',
    );
  });

  it('takes the service’s title for a metric it has no word for', () => {
    const view = findingView({ ...land, metric: 'green_share', title: '绿地率' }, zh);
    expect(textOf(view)).toContain('绿地率');
    expect(textOf(findingView({ ...land, metric: 'green_share', title: '' }, zh))).toContain('green_share');
  });

  it('has a chart that can be heard', () => {
    const [chart] = find(findingView(land, zh), ({ tag }) => tag === 'svg');
    expect(chart?.attributes).toMatchObject({ role: 'img', 'aria-label': '实际 29.5 m²/人，标准 23–36 m²/人，符合' });
    expect(find(chart ?? '', ({ attributes }) => attributes.class === 'bullet-value')).toHaveLength(1);
  });

  it('never shows a value that is missing as a number or a mark', () => {
    const view = findingView({ ...land, value: undefined, verdict: '无法判定' }, zh);
    expect(textOf(view)).toContain('缺少数据');
    expect(textOf(view)).not.toMatch(/NaN|undefined/);
    expect(find(view, ({ attributes }) => attributes.class === 'bullet-value')).toHaveLength(0);
  });

  it('lets texts of the data be texts', () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const view = findingView({ ...land, metric: hostile, clause: hostile, verdict: hostile, unit: hostile }, zh);
    expect(find(view, ({ tag }) => (tag as string) === 'img')).toEqual([]);
    expect(textOf(view)).toContain(hostile);
  });
});

describe('a report', () => {
  const ignore = () => {};
  const report: Compliance = {
    town: { code: 'T1', name: '云栖' },
    standard: { id: 'zj2018', title: '浙江省特色小镇创建规划指南', edition: '2018（试行）' },
    notes: ['结论供规划参考'],
    findings: [land, { ...land, verdict: '偏低' }, { ...land, verdict: '偏低' }],
    versions: [],
  };

  it('counts its verdicts first', () => {
    const [tally] = find(complianceView(report, zh, ignore), ({ attributes }) => attributes.class === 'tally');
    expect(textOf(tally ?? '')).toBe('✓符合 1↓偏低 2');
  });

  it('names its standard and says that it is advisory', () => {
    const said = textOf(complianceView(report, zh, ignore));
    expect(said).toContain('依据 浙江省特色小镇创建规划指南 · 2018（试行）');
    expect(said).toContain('结论供规划参考');
    expect(textOf(complianceView({ ...report, notes: [] }, zh, ignore))).toContain('引导性');
  });

  it('opens on paper, with its town', () => {
    const opened: string[] = [];
    const view = complianceView(report, zh, (town, format) => opened.push(`${town} ${format}`));
    for (const { act } of find(view, ({ tag }) => tag === 'button')) act?.(new Event('click'));
    expect(opened).toEqual(['T1 html', 'T1 xlsx']);
  });

  it('says so when there is nothing', () => {
    expect(textOf(complianceView({ ...report, findings: [] }, zh, ignore))).toBe(zh.compliance.noFindings);
  });
});
