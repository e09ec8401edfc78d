import { longestQuery } from './coordinate';
import { datums } from './datum';
import { button, type ElementView, h, mount } from './view';
import { type Words, wordFor } from './words';

/** The parts of the page that the application fills. */
export interface Page {
  query: HTMLInputElement;
  datum: HTMLSelectElement;
  form: HTMLFormElement;
  hint: HTMLElement;
  map: HTMLElement;
  panel: HTMLElement;
  answer: HTMLElement;
  legend: HTMLElement;
  notice: HTMLElement;
  attribution: HTMLElement;
  readout: HTMLElement;
  place: HTMLElement;
}

/** What the page's own buttons do. */
export interface Actions {
  changeLanguage: () => void;
  closePanel: () => void;
}

/** Builds the page within an element, in the language of the words. */
export function openPage(root: HTMLElement, words: Words, actions: Actions): Page {
  document.documentElement.lang = words.tag;
  document.title = `${words.title} · Towngrid`;
  root.replaceChildren(...pageViews(words, actions).map(mount));
  return {
    query: part(root, 'query', HTMLInputElement),
    datum: part(root, 'datum', HTMLSelectElement),
    form: part(root, 'search', HTMLFormElement),
    hint: part(root, 'hint', HTMLElement),
    map: part(root, 'map', HTMLElement),
    panel: part(root, 'panel', HTMLElement),
    answer: part(root, 'answer', HTMLElement),
    legend: part(root, 'legend', HTMLElement),
    notice: part(root, 'notice', HTMLElement),
    attribution: part(root, 'attribution', HTMLElement),
    readout: part(root, 'readout', HTMLElement),
    place: part(root, 'place', HTMLElement),
  };
}

function part<T extends HTMLElement>(root: HTMLElement, id: string, kind: new () => T): T {
  const element = root.querySelector(`#${id}`);
  if (element instanceof kind) return element;
  throw new Error(`the page has no #${id}`);
}

function pageViews(words: Words, actions: Actions): ElementView[] {
  const skip = button({ class: 'skip' }, () => document.getElementById('query')?.focus(), words.skip);
  const map = h('div', { id: 'map', class: 'map' });
  const aim = h('div', { class: 'aim', 'aria-hidden': 'true' }, h('span', {}, words.map.aim));
  const notice = h('p', { id: 'notice', class: 'notice', role: 'note', hidden: '' });
  const column = h('div', { class: 'side-column' }, searchView(words, actions), panelShell(words, actions));
  return [skip, h('main', {}, map, aim, notice, column, legendShell(words)), footer()];
}

function searchView(words: Words, { changeLanguage }: Actions): ElementView {
  const { search } = words;
  const other = words.tag === 'en' ? 'zh-CN' : 'en';
  const language = button({ class: 'plain', lang: other }, changeLanguage, words.otherLanguage);
  return h(
    'form',
    { id: 'search', class: 'card search', role: 'search' },
    h('header', { class: 'brand' }, h('h1', {}, words.title, h('small', { id: 'place' })), language),
    h('label', { for: 'query' }, search.label),
    h(
      'div',
      { class: 'search-row' },
      queryInput(words),
      h('button', { type: 'submit', class: 'primary' }, search.submit),
    ),
    h('div', { class: 'search-row' }, h('label', { for: 'datum' }, search.datum), datumSelect(words)),
    h('p', { id: 'hint', class: 'hint', role: 'status' }, search.hint),
  );
}

function queryInput({ search }: Words): ElementView {
  return h('input', {
    id: 'query',
    type: 'search',
    placeholder: search.placeholder,
    autocomplete: 'off',
    spellcheck: 'false',
    enterkeyhint: 'search',
    maxlength: String(longestQuery),
    'aria-describedby': 'hint',
  });
}

function datumSelect(words: Words): ElementView {
  const options = datums.map((datum) => h('option', { value: datum }, wordFor(words.datums, datum)));
  return h('select', { id: 'datum' }, ...options);
}

function panelShell(words: Words, { closePanel }: Actions): ElementView {
  const close = button({ class: 'close', 'aria-label': words.panel.close }, closePanel, '×');
  const answer = h('div', { id: 'answer', class: 'answer', 'aria-live': 'polite' });
  return h('aside', { id: 'panel', class: 'card panel', 'aria-label': words.panel.label, hidden: '' }, close, answer);
}

function legendShell({ legend }: Words): ElementView {
  const wide = window.matchMedia('(min-width: 1000px)').matches;
  const list = h('ul', { id: 'legend', class: 'legend-groups' });
  return h('details', { class: 'card legend', ...(wide ? { open: '' } : {}) }, h('summary', {}, legend.title), list);
}

function footer(): ElementView {
  return h(
    'footer',
    { class: 'foot' },
    h('p', { id: 'readout', class: 'readout' }),
    h('p', { id: 'attribution', class: 'attribution' }),
  );
}
