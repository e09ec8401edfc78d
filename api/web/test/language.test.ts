import { describe, expect, it } from 'vitest';
import { chooseLanguage, otherLanguage } from '../src/language';
import { wordFor, wordsIn } from '../src/words';

describe('the language', () => {
  it.each([
    ['', [], 'zh'],
    ['', ['en-US', 'zh-CN'], 'en'],
    ['', ['fr', 'zh-TW', 'en'], 'zh'],
    ['', ['fr-FR'], 'zh'],
    ['?lang=en', ['zh-CN'], 'en'],
    ['?lang=zh-CN', ['en'], 'zh'],
    ['?lang=EN-gb', ['zh-CN'], 'en'],
    ['?lang=klingon', ['en'], 'en'],
  ] as const)('%s with %j is %s', (search, preferred, wanted) => {
    expect(chooseLanguage(search, preferred)).toBe(wanted);
  });

  it('has two sides', () => {
    expect(otherLanguage('zh')).toBe('en');
    expect(otherLanguage('en')).toBe('zh');
  });
});

describe('the words', () => {
  it('say the same things in both languages', () => {
    expect(leaves(wordsIn('en'))).toEqual(expect.arrayContaining(leaves(wordsIn('zh'))));
  });

  it('leave no sentence empty', () => {
    for (const words of [wordsIn('zh'), wordsIn('en')]) {
      for (const [path, value] of entries(words)) {
        if (!path.startsWith('unitsOfMeasure')) expect(value, path).not.toBe('');
      }
    }
  });

  it('fall back to the value, also for names that every object has', () => {
    const { kind } = wordsIn('zh').values;
    expect(wordFor(kind, 'dining')).toBe('餐饮');
    expect(wordFor(kind, 'smithy')).toBe('smithy');
    expect(wordFor(kind, 'constructor')).toBe('constructor');
    expect(wordFor(undefined, 'x')).toBe('x');
  });
});

function entries(value: object, path = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, member]) => {
    const here = path ? `${path}.${name}` : name;
    return typeof member === 'object' && member !== null
      ? entries(member, here)
      : [[here, member] as [string, unknown]];
  });
}

function leaves(value: object): string[] {
  return entries(value).map(([path]) => path);
}
