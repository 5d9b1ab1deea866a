import { rowImageClickProbability, rowImageRegret } from './behaviour.js';
import { artworkStyles, type ArtworkStyle } from './catalogue.js';
import { tasteSegments, type TasteSegment } from './members.js';
import type { World } from './world.js';

type Group = 'everybody' | TasteSegment;

/** What is true of the images that titles show within rows. */
export interface RowImageTruth {
  readonly experiment: string;
  /** Click probability without an image, of everybody alike. */
  readonly clickRateWithout: number;
  /** Mean click probability per style; of everybody, tastes count by how often their members come. */
  readonly clickRates: Readonly<Record<Group, Readonly<Record<ArtworkStyle, number>>>>;
  /** What showing an image of the style adds to the clicks, per time the title is seen. */
  readonly lifts: Readonly<Record<Group, Readonly<Record<ArtworkStyle, number>>>>;
  /** Probability that a click on an image of the style is regretted. */
  readonly regretRates: Readonly<Record<ArtworkStyle, number>>;
}

/** Computed from the laws of behaviour, over all titles. */
export function rowImageTruth(world: World): RowImageTruth {
  const byStyle = (of: (style: ArtworkStyle) => number): Readonly<Record<ArtworkStyle, number>> =>
    Object.fromEntries(artworkStyles.map((style) => [style, of(style)])) as Record<ArtworkStyle, number>;
  const visits = (segment: TasteSegment): number =>
    world.members.reduce((sum, member) => sum + (member.segment === segment ? member.sessionRate : 0), 0);
  const all = tasteSegments.reduce((sum, segment) => sum + visits(segment), 0);
  const ofTaste = (segment: TasteSegment, style: ArtworkStyle): number => {
    const images = world.titles.flatMap((title) => title.artwork.filter((image) => image.style === style));
    return (
      images.reduce((sum, image) => sum + rowImageClickProbability(segment, image), 0) / (images.length || 1)
    );
  };
  const rates = Object.fromEntries([
    [
      'everybody',
      byStyle((style) =>
        tasteSegments.reduce((sum, segment) => sum + (visits(segment) / all) * ofTaste(segment, style), 0),
      ),
    ],
    ...tasteSegments.map((segment) => [segment, byStyle((style) => ofTaste(segment, style))]),
  ]) as RowImageTruth['clickRates'];
  const without = rowImageClickProbability(tasteSegments[0], null);
  const lifts = Object.fromEntries(
    Object.entries(rates).map(([group, of]) => [group, byStyle((style) => of[style] - without)]),
  ) as RowImageTruth['lifts'];
  return {
    experiment: 'row-images',
    clickRateWithout: without,
    clickRates: rates,
    lifts,
    regretRates: byStyle(rowImageRegret),
  };
}
