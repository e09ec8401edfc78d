/** The two languages that the service speaks. */
export type Language = 'zh' | 'en';

/**
 * The language to show: the address's `lang` where it names one of the two, else
 * the first of the reader's preferred languages that is one of them, else Chinese.
 */
export function chooseLanguage(search: string, preferred: readonly string[]): Language {
  const asked = new URLSearchParams(search).get('lang');
  return spoken(asked) ?? preferred.map(spoken).find((language) => language !== undefined) ?? 'zh';
}

/** The other of the two languages. */
export function otherLanguage(language: Language): Language {
  return language === 'zh' ? 'en' : 'zh';
}

function spoken(tag: string | null): Language | undefined {
  const primary = tag?.trim().toLowerCase().split('-')[0];
  return primary === 'zh' || primary === 'en' ? primary : undefined;
}
