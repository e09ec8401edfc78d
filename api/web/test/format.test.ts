import { describe, expect, it } from 'vitest';
import { coordinate, distance, number, quantity, shown, told } from '../src/format';
import { wordsIn } from '../src/words';

const zh = wordsIn('zh');
const en = wordsIn('en');

describe('numbers', () => {
  it.each([
    [0, '0'],
    [-0.001, '0'],
    [0.005, '0.01'],
    [1234567.891, '1,234,567.89'],
    [29.5, '29.5'],
    [Number.NaN, '—'],
    [Number.POSITIVE_INFINITY, '—'],
  ])('%d is %s', (value, wanted) => {
    expect(number(value)).toBe(wanted);
  });
});

describe('distances', () => {
  it.each([
    [0, '0 米', '0 m'],
    [0.126, '0.13 米', '0.13 m'],
    [-12.4, '12 米', '12 m'],
    [999.4, '999 米', '999 m'],
    [999.6, '1 公里', '1 km'],
    [1250, '1.3 公里', '1.3 km'],
    [99_949, '99.9 公里', '99.9 km'],
    [123_456, '123 公里', '123 km'],
  ])('%d m', (metres, chinese, english) => {
    expect(distance(metres, zh)).toBe(chinese);
    expect(distance(metres, en)).toBe(english);
  });
});

describe('quantities', () => {
  it('keep their unit', () => {
    expect(quantity(29.5, 'm²/人', zh)).toBe('29.5 m²/人');
    expect(quantity(29.5, 'm²/人', en)).toBe('29.5 m² per resident');
    expect(quantity(3500, '人', en)).toBe('3,500 people');
    expect(quantity(3, '个', en)).toBe('3');
    expect(quantity(3, '', zh)).toBe('3');
  });

  it('give areas from one hectare on in hectares and 亩', () => {
    expect(quantity(9999, 'm²', zh)).toBe('9,999 m²');
    expect(quantity(10_000, 'm²', zh)).toBe('1 公顷（15 亩）');
    expect(quantity(103_260, 'm²', zh)).toBe('10.33 公顷（155 亩）');
    expect(quantity(103_260, 'm²', en)).toBe('10.33 ha');
  });

  it('take no unit from what every object has', () => {
    expect(quantity(1, 'constructor', en)).toBe('1 constructor');
  });
});

describe('coordinates', () => {
  it('are longitude first, with six decimals', () => {
    expect(coordinate(118.9, 29)).toBe('118.900000, 29.000000');
  });
});

describe('texts of the data', () => {
  it('keep their markup as it is', () => {
    expect(shown('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>');
    expect(shown('㙍头𠮷村')).toBe('㙍头𠮷村');
  });

  it('show characters that act unseen', () => {
    expect(shown('a\u202eb\u2028c\u0000d\u200be\ufefff')).toBe('a▯b▯c▯d▯e▯f');
  });

  it('are cut at 200 characters, never inside one', () => {
    expect(shown('𠮷'.repeat(200))).toBe('𠮷'.repeat(200));
    expect(shown('𠮷'.repeat(201))).toBe(`${'𠮷'.repeat(200)}…`);
    expect(shown('x'.repeat(1e6))).toHaveLength(201);
    expect(told('句'.repeat(1000))).toBe('句'.repeat(1000));
    expect(told('句'.repeat(1e6))).toHaveLength(1001);
  });
});
