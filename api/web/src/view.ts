/**
 * Descriptions of page content. Data reaches the page only as texts and attribute values of
 * a description, never as markup, and only the elements and attributes named here exist:
 * there is none through which a text could become a script, an address or a style.
 */
export type View = ElementView | string;

export interface ElementView {
  readonly tag: Tag;
  readonly attributes: Attributes;
  readonly children: readonly View[];
  readonly act?: (event: Event) => void;
}

const svgTags = ['svg', 'rect', 'line', 'circle', 'path', 'text', 'title'] as const;

type SVGTag = (typeof svgTags)[number];
type HTMLTag =
  | 'aside'
  | 'bdi'
  | 'button'
  | 'dd'
  | 'details'
  | 'div'
  | 'dl'
  | 'dt'
  | 'footer'
  | 'form'
  | 'h1'
  | 'h2'
  | 'h3'
  | 'header'
  | 'input'
  | 'label'
  | 'li'
  | 'main'
  | 'ol'
  | 'option'
  | 'p'
  | 'section'
  | 'select'
  | 'small'
  | 'span'
  | 'strong'
  | 'summary'
  | 'ul';
type Tag = HTMLTag | SVGTag;

type AttributeName =
  | 'class'
  | 'id'
  | 'type'
  | 'value'
  | 'for'
  | 'placeholder'
  | 'autocomplete'
  | 'spellcheck'
  | 'enterkeyhint'
  | 'maxlength'
  | 'open'
  | 'role'
  | 'lang'
  | 'dir'
  | 'hidden'
  | 'tabindex'
  | 'data-verdict'
  | 'data-side'
  | 'data-part'
  | 'data-code'
  | 'aria-label'
  | 'aria-checked'
  | 'aria-describedby'
  | 'aria-hidden'
  | 'aria-live'
  | 'aria-busy'
  | 'x'
  | 'y'
  | 'x1'
  | 'x2'
  | 'y1'
  | 'y2'
  | 'cx'
  | 'cy'
  | 'r'
  | 'd'
  | 'width'
  | 'height'
  | 'viewBox'
  | 'fill'
  | 'fill-opacity'
  | 'stroke'
  | 'stroke-width'
  | 'stroke-dasharray'
  | 'text-anchor';

export type Attributes = { readonly [name in AttributeName]?: string };

/** An element. */
export function h(tag: Tag, attributes: Attributes = {}, ...children: readonly (View | undefined)[]): ElementView {
  return { tag, attributes, children: children.filter((child) => child !== undefined) };
}

/** A button that does something when it is pressed. */
export function button(attributes: Attributes, act: () => void, ...children: readonly View[]): ElementView {
  return { ...h('button', { type: 'button', ...attributes }, ...children), act };
}

/** The text of a view, as a reader would hear it. */
export function textOf(view: View): string {
  return typeof view === 'string' ? view : view.children.map(textOf).join('');
}

/** The elements within a view, itself included, that a predicate holds for. */
export function find(view: View, wanted: (element: ElementView) => boolean): ElementView[] {
  if (typeof view === 'string') return [];
  const below = view.children.flatMap((child) => find(child, wanted));
  return wanted(view) ? [view, ...below] : below;
}

const svgNamespace = 'http://www.w3.org/2000/svg';

/** Makes the nodes that a view describes. */
export function mount(view: View): Node {
  if (typeof view === 'string') return document.createTextNode(view);
  const element = createElement(view.tag);
  for (const [name, value] of Object.entries(view.attributes)) element.setAttribute(name, value);
  if (view.act) element.addEventListener('click', view.act);
  element.append(...view.children.map(mount));
  return element;
}

function createElement(tag: Tag): Element {
  const drawn = (svgTags as readonly string[]).includes(tag);
  return drawn ? document.createElementNS(svgNamespace, tag) : document.createElement(tag);
}

/** Puts views in place of everything that an element holds. */
export function fill(element: Element, ...views: readonly View[]): void {
  element.replaceChildren(...views.map(mount));
}
