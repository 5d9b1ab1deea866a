import type { Catalogue } from '../titles/model.js';

/**
 * What the weight of a part may depend on, for one member and one title: 1, how much is known of the member, whether
 * nobody has watched the title, and how many have.
 */
export const GATES = 4;
/** Terms of the title alone that the score may have besides: nobody has watched it, and how many have. */
export const TITLE_TERMS = 2;

export const parameterCount = (parts: number): number => GATES * parts + TITLE_TERMS;

/** History of this length counts as 1. */
const LONG_HISTORY = 100;

export const knownOfMember = (titles: number): number => Math.log1p(titles) / Math.log1p(LONG_HISTORY);

/** Of a title: members who watched it on a scale of logarithms, 1 for the most popular; 0 if nobody or unknown. */
export function knownOfTitle(
  { popularity }: Pick<Catalogue, 'popularity'>,
  index: number | undefined,
): number {
  const share = index === undefined ? 0 : (popularity[index] as number);
  return share > 0 ? Math.max(1e-3, 1 + Math.log(share) / LOG_SPAN) : 0;
}

/** Shares of the most popular title down to e^-LOG_SPAN are told apart. */
const LOG_SPAN = 8;

/**
 * The terms whose weighted sum is the score of a title: every part's opinion times every gate, then the title's own.
 * @param opinions one standardised score per part.
 * @param into parameterCount(opinions.length) numbers.
 */
export function terms(opinions: ArrayLike<number>, member: number, title: number, into: Float64Array): void {
  const isNew = title > 0 ? 0 : 1;
  const parts = opinions.length;
  for (let k = 0; k < parts; k++) {
    const opinion = opinions[k] as number;
    into[GATES * k] = opinion;
    into[GATES * k + 1] = opinion * member;
    into[GATES * k + 2] = opinion * isNew;
    into[GATES * k + 3] = opinion * title;
  }
  into[GATES * parts] = isNew;
  into[GATES * parts + 1] = title;
}
