import { describe, expect, it } from 'vitest';
import { noticeOf } from '../src/notice';

describe('the notice', () => {
  it('says each sentence once and finds the declaration', () => {
    const synthetic = '示范数据·合成，不对应任何真实地点';
    const notice = noticeOf([
      { attribution: '审图号 浙S(2026)1号', description: synthetic },
      { attribution: '审图号 浙S(2026)1号', description: synthetic },
      { attribution: '', description: '别的说明' },
    ]);
    expect(notice).toEqual({ attribution: '审图号 浙S(2026)1号', declaration: synthetic });
  });

  it.each(['Synthetic demonstration data', '合成数据', '示范数据'])(
    'takes %j as a declaration wherever it stands',
    (sentence) => {
      expect(noticeOf([{ attribution: sentence, description: '' }]).declaration).toBe(sentence);
    },
  );

  it('declares nothing about real data', () => {
    expect(noticeOf([{ attribution: '衢江区自然资源局', description: '网格' }]).declaration).toBe('');
    expect(noticeOf([])).toEqual({ attribution: '', declaration: '' });
  });
});
