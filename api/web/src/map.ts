import 'maplibre-gl/dist/maplibre-gl.css';
import {
  type ExpressionSpecification,
  type FilterSpecification,
  type LayerSpecification,
  type MapGeoJSONFeature,
  MapLibreMap,
  Marker,
  NavigationControl,
  ScaleControl,
  type StyleSpecification,
  setWorkerUrl,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import type { Position } from './datum';
import { type Change, tilesOf } from './events';
import type { Bound } from './geometry';
import { collectionOf } from './legend';
import type { Feature, Named } from './service';
import { h, mount } from './view';
import type { Words } from './words';

/** What the map tells. Positions are WGS 84 degrees. */
export interface Listeners {
  picked: (position: Position) => void;
  /** The pointer's place and the cell under it; both undefined when it left the map. */
  pointed: (position: Position | undefined, cell: Named | undefined) => void;
  moved: (centre: Position, zoom: number) => void;
  failed: (reason: string) => void;
}

interface Sides {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

const ink = '#123f3c';
const glow = '#e0a63a';
const paper = '#ffffff';

/** How the chosen feature of a collection is outlined. */
const outlined = {
  units: { colour: ink, width: 2, dashed: true },
  towns: { colour: '#8a5a00', width: 3, dashed: false },
  cells: { colour: ink, width: 3, dashed: false },
} as const;

type Outlined = keyof typeof outlined;

/** The map with what the page adds to the service's style: outlines of what was chosen, the point, the pointer. */
export class TownMap {
  private readonly map: MapLibreMap;
  private readonly marker: Marker;
  private readonly sources = new Map<string, string>();
  private hovered: MapGeoJSONFeature | undefined;

  /** Throws where the browser cannot draw a map at all. */
  constructor(
    private readonly container: HTMLElement,
    style: StyleSpecification,
    words: Words,
    private readonly listeners: Listeners,
  ) {
    setWorkerUrl(workerUrl);
    this.map = new MapLibreMap({
      container,
      style,
      hash: 'map',
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 20,
      // Tiles out of sight would miss what the events tell; the browser's own cache asks after them.
      maxTileCacheSize: 0,
      locale: localeOf(words),
      // Addresses in the style are the service's own and may be relative, which workers cannot resolve.
      transformRequest: (url) => ({ url: new URL(url, document.baseURI).href }),
    });
    this.marker = new Marker({ element: markerElement(), anchor: 'center' });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
    this.map.addControl(new ScaleControl({ maxWidth: 120 }), 'bottom-left');
    this.listen(style);
  }

  /** Marks a point, or takes the mark away. */
  mark(position: Position | undefined): void {
    if (position) this.marker.setLngLat([...position]).addTo(this.map);
    else this.marker.remove();
  }

  /** Outlines the features of these codes; a collection that is not named loses its outline. */
  outline(codes: { readonly [collection in Outlined]?: string }): void {
    for (const collection of Object.keys(outlined) as Outlined[]) {
      for (const layer of outlineLayers(collection)) {
        if (this.map.getLayer(layer)) this.map.setFilter(layer, codeIs(codes[collection]));
      }
    }
  }

  /** Brings a place into the part of the map that the page's cards leave free. */
  show([west, south, east, north]: Bound): void {
    const padding = this.padding();
    this.map.fitBounds([west, south, east, north], { padding, maxZoom: 16, duration: this.pace() });
  }

  /** Moves the map where a place lies under one of the page's cards, or at the very edge. */
  reveal(position: Position): void {
    const { clientWidth: width, clientHeight: height } = this.container;
    const { x, y } = this.map.project([...position]);
    const { top, right, bottom, left } = this.covered();
    if (x >= left && x <= width - right && y >= top && y <= height - bottom) return;
    const offset: [number, number] = [(left - right) / 2, (top - bottom) / 2];
    this.map.easeTo({ center: [...position], offset, duration: this.pace() });
  }

  /** Shows or hides layers of the style. */
  setVisible(layers: readonly string[], visible: boolean): void {
    for (const layer of layers) this.map.setLayoutProperty(layer, 'visibility', visible ? 'visible' : 'none');
  }

  /** The features of some collections that the map draws at a place, each once, at most six. */
  under(position: Position, collections: readonly string[]): Feature[] {
    const layers = this.map.getStyle().layers.filter((layer) => drawsAny(layer, collections));
    if (layers.length === 0) return [];
    const { x, y } = this.map.project([...position]);
    const box: [[number, number], [number, number]] = [
      [x - 4, y - 4],
      [x + 4, y + 4],
    ];
    const found = new Map<string, Feature>();
    for (const feature of this.map.queryRenderedFeatures(box, { layers: layers.map(({ id }) => id) })) {
      const drawn = featureOf(feature);
      if (drawn) found.set(`${drawn.collection}/${drawn.code}`, drawn);
    }
    return [...found.values()].slice(0, 6);
  }

  /** Draws anew the tiles that a publication touched. */
  refresh(changes: readonly Change[]): void {
    const bounds = this.map.getBounds();
    const view: Bound = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    for (const change of changes) {
      const source = this.sources.get(change.collection);
      const tiles = tilesOf(change, this.map.getZoom(), view);
      if (source && tiles.length > 0) this.map.refreshTiles(source, tiles);
    }
  }

  /** Draws all tiles anew. */
  refreshAll(): void {
    for (const source of new Set(this.sources.values())) this.map.refreshTiles(source);
  }

  /** Gives the keyboard back to the map. */
  focus(): void {
    this.map.getCanvas().focus();
  }

  /** Tells the map that its container has another size. */
  resize(): void {
    this.map.resize();
  }

  private listen(style: StyleSpecification): void {
    this.map.on('load', () => this.addLayers(style));
    this.map.on('click', ({ lngLat }) => this.listeners.picked([lngLat.lng, lngLat.lat]));
    this.map.on('mousemove', ({ lngLat, point }) => {
      this.listeners.pointed([lngLat.lng, lngLat.lat], this.hover([point.x, point.y]));
    });
    this.map.on('mouseout', () => {
      this.lift();
      this.listeners.pointed(undefined, undefined);
    });
    this.map.on('move', () => this.listeners.moved(this.centre(), this.map.getZoom()));
    this.map.on('error', ({ error }) => this.listeners.failed(error.message));
    this.map.on('idle', () => this.setState('idle'));
    this.map.on('movestart', () => this.setState('busy'));
    this.map.getCanvas().addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') this.listeners.picked(this.centre());
    });
  }

  private setState(state: 'idle' | 'busy'): void {
    this.container.dataset.state = state;
  }

  private centre(): Position {
    const { lng, lat } = this.map.getCenter();
    return [lng, lat];
  }

  private addLayers(style: StyleSpecification): void {
    for (const layer of style.layers) this.noteSource(layer);
    const labels = style.layers.find(({ type }) => type === 'symbol')?.id;
    const cells = this.sources.get('cells');
    if (cells) this.map.addLayer(hoverLayer(cells), labels);
    for (const collection of Object.keys(outlined) as Outlined[]) {
      const source = this.sources.get(collection);
      if (!source) continue;
      for (const layer of outlinesOf(collection, source)) this.map.addLayer(layer, labels);
    }
    this.listeners.moved(this.centre(), this.map.getZoom());
  }

  /** Remembers which source carries a collection's own geometry. */
  private noteSource(layer: LayerSpecification): void {
    if (!('source-layer' in layer) || typeof layer.source !== 'string') return;
    const name = layer['source-layer'];
    if (name && !this.sources.has(name)) this.sources.set(name, layer.source);
  }

  /** Lights the cell at a place of the canvas and tells it. */
  private hover(point: [number, number]): Named | undefined {
    if (!this.map.getLayer(hoverId)) return undefined;
    const [cell] = this.map.queryRenderedFeatures(point, { layers: [hoverId] });
    if (cell?.id !== this.hovered?.id) {
      this.lift();
      this.hovered = cell;
      this.setHovered(true);
    }
    return cell && namedOf(cell);
  }

  private lift(): void {
    this.setHovered(false);
    this.hovered = undefined;
  }

  private setHovered(hovered: boolean): void {
    const { id, source, sourceLayer } = this.hovered ?? {};
    if (id === undefined || !source || !sourceLayer) return;
    this.map.setFeatureState({ id, source, sourceLayer }, { hovered });
  }

  /** What the page's cards cover at each side, in pixels. */
  private covered(): Sides {
    const { clientWidth: width, clientHeight: height } = this.container;
    if (width >= 760) return { top: 8, right: 8, bottom: 40, left: 400 };
    return { top: 160, right: 16, bottom: height * 0.53 + 20, left: 16 };
  }

  /** What is to be left free around a place that is brought into sight. */
  private padding(): Sides {
    const { top, right, bottom, left } = this.covered();
    const room = Math.min(48, this.container.clientWidth / 30);
    return { top: top + room, right: right + room, bottom: bottom + room / 2, left: left + room };
  }

  private pace(): number {
    return window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 900;
  }
}

function localeOf({ map }: Words): Record<string, string> {
  return {
    'Map.Title': map.label,
    'NavigationControl.ZoomIn': map.zoomIn,
    'NavigationControl.ZoomOut': map.zoomOut,
    'ScaleControl.Meters': map.metres,
    'ScaleControl.Kilometers': map.kilometres,
  };
}

function markerElement(): HTMLElement {
  const ring = h('circle', { cx: '14', cy: '14', r: '8', fill: 'none', stroke: paper, 'stroke-width': '6' });
  const core = h('circle', { cx: '14', cy: '14', r: '8', fill: 'none', stroke: '#b3261e', 'stroke-width': '3' });
  const dot = h('circle', { cx: '14', cy: '14', r: '2.5', fill: '#b3261e' });
  const svg = h('svg', { viewBox: '0 0 28 28', width: '28', height: '28', 'aria-hidden': 'true' }, ring, core, dot);
  return mount(h('div', { class: 'marker' }, svg)) as HTMLElement;
}

const hoverId = 'page-hover';

function hoverLayer(source: string): LayerSpecification {
  return {
    id: hoverId,
    type: 'fill',
    source,
    'source-layer': 'cells',
    // Cells too small for a zoom come as one feature for their unit, without a code.
    filter: ['has', 'code'],
    paint: { 'fill-color': ink, 'fill-opacity': ['case', ['boolean', ['feature-state', 'hovered'], false], 0.1, 0] },
  };
}

function outlineLayers(collection: Outlined): [fill: string, casing: string, line: string] {
  return [`page-${collection}-fill`, `page-${collection}-casing`, `page-${collection}-line`];
}

function outlinesOf(collection: Outlined, source: string): LayerSpecification[] {
  const { colour, width, dashed } = outlined[collection];
  const [fill, casing, line] = outlineLayers(collection);
  const common = { source, 'source-layer': collection, filter: codeIs(undefined) };
  const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
  const dash = dashed ? { 'line-dasharray': [2, 1.5] } : {};
  // Only a cell is filled: under a town or unit the colours of land use must stay what the legend says.
  const fading: ExpressionSpecification = ['interpolate', ['linear'], ['zoom'], 12, 0.22, 16, 0.08];
  const opacity = collection === 'cells' ? fading : 0;
  return [
    { ...common, id: fill, type: 'fill', paint: { 'fill-color': glow, 'fill-opacity': opacity } },
    {
      ...common,
      id: casing,
      type: 'line',
      layout: round,
      paint: { 'line-color': paper, 'line-width': width + 3, 'line-opacity': 0.85 },
    },
    { ...common, id: line, type: 'line', layout: round, paint: { 'line-color': colour, 'line-width': width, ...dash } },
  ];
}

/** No feature has the empty code. */
function codeIs(code: string | undefined): FilterSpecification {
  return ['==', ['get', 'code'], code ?? ''];
}

function drawsAny(layer: LayerSpecification, collections: readonly string[]): boolean {
  const collection = collectionOf(layer);
  const drawn = layer.type === 'fill' || layer.type === 'circle';
  return drawn && collection !== undefined && collections.includes(collection) && !layer.id.startsWith('page-');
}

function namedOf({ properties }: MapGeoJSONFeature): Named {
  return { code: String(properties.code ?? ''), name: String(properties.name ?? '') };
}

function featureOf(feature: MapGeoJSONFeature): Feature | undefined {
  const { sourceLayer, properties } = feature;
  const named = namedOf(feature);
  if (!sourceLayer || named.code === '') return undefined;
  const details = Object.entries(properties).map(([name, value]) => ({ name, value: String(value) }));
  return { ...named, collection: sourceLayer, geometry: undefined, properties: details };
}
