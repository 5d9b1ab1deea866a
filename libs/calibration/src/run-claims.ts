import { isInside } from './bands.js';
import type { Band } from './bands.js';
import type { Check, Claim } from './claim.js';
import { Sampler } from './sampler.js';
import { Tally } from './tally.js';
import type { TallyEntry } from './tally.js';

/** A claim's runs are made in this many pieces, each with a stream of its own; so threads change no figure. */
export const PIECES = 8;

/** One piece of a claim's simulation. */
export interface Piece {
  readonly claim: string;
  readonly index: number;
  readonly runs: number;
}

/** @param runs simulated experiments of the claim in all, at least 1. */
export function piecesOf(claim: Claim, runs: number): Piece[] {
  return Array.from({ length: PIECES }, (_, index) => ({
    claim: claim.key,
    index,
    runs: Math.floor(((index + 1) * runs) / PIECES) - Math.floor((index * runs) / PIECES),
  })).filter((piece) => piece.runs > 0);
}

export function runPiece(claim: Claim, piece: Piece): TallyEntry[] {
  const tally = new Tally();
  claim.simulate(new Sampler(`calibration/${claim.key}/${piece.index}`), piece.runs, tally);
  return tally.entries();
}

/** One line of the table. */
export interface Finding {
  readonly claim: string;
  readonly title: string;
  readonly design: string;
  readonly text: string;
  readonly shownAs: Check['shownAs'];
  /** What the share or mean is over: runs, or what happened in them. */
  readonly n: number;
  readonly band: Band;
  readonly observed: number;
  readonly inside: boolean;
  readonly mustFail: boolean;
  /** As it should be: inside, or outside for a negative control. */
  readonly met: boolean;
}

export function judge(claim: Claim, tally: Tally): Finding[] {
  return claim.checks.map((check) => {
    const { n, mean } = tally.get(check.measure);
    const band = n > 0 ? check.band(n) : { lower: null, upper: null };
    const inside = n > 0 && isInside(band, mean);
    return {
      claim: claim.key,
      title: claim.title,
      design: claim.design,
      text: check.text,
      shownAs: check.shownAs,
      n,
      band,
      observed: mean,
      inside,
      mustFail: check.mustFail,
      met: n > 0 && inside !== check.mustFail,
    };
  });
}

/** The whole simulation of a claim on this thread. */
export function runClaim(claim: Claim, runs: number): Finding[] {
  const tally = new Tally();
  for (const piece of piecesOf(claim, runs)) tally.merge(runPiece(claim, piece));
  return judge(claim, tally);
}
