import type { StyleSpecification } from 'maplibre-gl';
import { told } from './format';
import { readNotice, type Service, type TilesetNotice } from './service';

/** What is said about the data as a whole. */
export interface Notice {
  /** Where the data comes from, with a map approval number where there is one. */
  attribution: string;
  /** The declaration that the data is synthetic, "" where it is not. */
  declaration: string;
}

const synthetic = /合成|示范数据|synthetic/i;

/** Gathers what several tilesets say; a sentence that several of them say is said once. */
export function noticeOf(tilesets: readonly TilesetNotice[]): Notice {
  const sentences = (pick: (tileset: TilesetNotice) => string) => [
    ...new Set(tilesets.map((tileset) => told(pick(tileset).trim())).filter(Boolean)),
  ];
  const attributions = sentences(({ attribution }) => attribution);
  const descriptions = sentences(({ description }) => description);
  const declared = [...attributions, ...descriptions].filter((sentence) => synthetic.test(sentence));
  return { attribution: attributions.join(' · '), declaration: declared[0] ?? '' };
}

/** Reads what the sources of a style say, in the style itself or in their TileJSON documents. */
export async function readNotices(style: StyleSpecification, service: Service): Promise<Notice> {
  const tilesets = Object.values(style.sources).map(async (source): Promise<TilesetNotice> => {
    const inline = { attribution: 'attribution' in source ? (source.attribution ?? '') : '', description: '' };
    if (!('url' in source) || typeof source.url !== 'string') return inline;
    const read = readNotice(await service.json(source.url));
    return { ...read, attribution: read.attribution || inline.attribution };
  });
  const settled = await Promise.allSettled(tilesets);
  return noticeOf(settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
}
