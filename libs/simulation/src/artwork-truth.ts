import { artworkClickProbability } from './behaviour.js';
import { artworkStyles, type Artwork, type ArtworkStyle, type Title } from './catalogue.js';
import { tasteSegments, type TasteSegment } from './members.js';
import { createStage } from './visit.js';
import type { World } from './world.js';

/** Enough members to know a mean click rate to about one hundredth of itself. */
const sampleSize = 1500;
/** A month in which no genre is in season. */
const plainMonth = 10;

interface Click {
  readonly title: Title;
  readonly artwork: Artwork;
  /** Mean click probability, members weighted by how often they come. */
  readonly rate: number;
}

const remembered = new WeakMap<World, Map<string, readonly Click[]>>();

/** Expected click rate of every image among all members (`segment` null) or those of one taste. */
function clickRates(world: World, segment: TasteSegment | null): readonly Click[] {
  const known = remembered.get(world) ?? new Map<string, readonly Click[]>();
  remembered.set(world, known);
  const found = known.get(segment ?? '');
  if (found) return found;
  const members = world.members
    .filter((member) => segment === null || member.segment === segment)
    .slice(0, sampleSize);
  const weight = members.reduce((sum, member) => sum + member.sessionRate, 0);
  const mean = (title: Title, artwork: Artwork): number =>
    members.reduce(
      (sum, m) => sum + m.sessionRate * artworkClickProbability(m, title, artwork, plainMonth),
      0,
    ) / (weight || 1);
  const rates = world.titles.flatMap((title) =>
    title.artwork.map((artwork) => ({ title, artwork, rate: mean(title, artwork) })),
  );
  known.set(segment ?? '', rates);
  return rates;
}

function bestByTitle(rates: readonly Click[]): Map<string, Click> {
  const best = new Map<string, Click>();
  for (const click of rates) {
    const leader = best.get(click.title.id);
    if (!leader || click.rate > leader.rate) best.set(click.title.id, click);
  }
  return best;
}

/** Title id to the image that most members would click. */
export function bestArtwork(world: World): ReadonlyMap<string, string> {
  return new Map(
    [...bestByTitle(clickRates(world, null))].map(([titleId, click]) => [titleId, click.artwork.id]),
  );
}

/** `segment/title id` to the image that most members of the segment would click. */
export function bestArtworkOfSegment(world: World): ReadonlyMap<string, string> {
  return new Map(
    tasteSegments.flatMap((segment) =>
      [...bestByTitle(clickRates(world, segment))].map(
        ([titleId, click]) => [`${segment}/${titleId}`, click.artwork.id] as const,
      ),
    ),
  );
}

/** Mean click rate of each style over all titles. */
export function styleRates(
  world: World,
  segment: TasteSegment | null,
): Readonly<Record<ArtworkStyle, number>> {
  const rates = clickRates(world, segment);
  const mean = (style: ArtworkStyle): number => {
    const ofStyle = rates.filter((click) => click.artwork.style === style);
    return ofStyle.reduce((sum, click) => sum + click.rate, 0) / (ofStyle.length || 1);
  };
  return Object.fromEntries(artworkStyles.map((style) => [style, mean(style)])) as Record<
    ArtworkStyle,
    number
  >;
}

/** Ways to choose an image whose mean click rate is known. */
export type KnownChoice = ArtworkStyle | 'best' | 'best-of-segment';

function meanRate(
  world: World,
  segment: TasteSegment | null,
  choice: KnownChoice,
  popularity: Float64Array,
): number {
  const rates = clickRates(world, segment);
  const best = choice === 'best' ? bestArtwork(world) : new Map<string, string>();
  const own = bestByTitle(rates);
  return world.titles.reduce((sum, title, index) => {
    const weight = (popularity[index] ?? 0) - (index > 0 ? (popularity[index - 1] ?? 0) : 0);
    const wanted = choice === 'best' ? best.get(title.id) : own.get(title.id)?.artwork.id;
    const click = rates.find(({ artwork, title: of }) =>
      artworkStyles.some((style) => style === choice)
        ? of === title && artwork.style === choice
        : artwork.id === wanted,
    );
    return sum + weight * (click?.rate ?? 0);
  }, 0);
}

/**
 * True relative lift in clicks per look of one way to choose over another, titles weighted by how often they
 * stand on the billboard and members by how often they come.
 */
export function expectedLift(world: World, from: KnownChoice, to: KnownChoice): number {
  const { popularity } = createStage(world, 'truth');
  const visits = (segment: TasteSegment): number =>
    world.members.reduce((sum, member) => sum + (member.segment === segment ? member.sessionRate : 0), 0);
  const mean = (choice: KnownChoice): number =>
    tasteSegments.reduce(
      (sum, segment) => sum + visits(segment) * meanRate(world, segment, choice, popularity),
      0,
    );
  return mean(to) / mean(from) - 1;
}
