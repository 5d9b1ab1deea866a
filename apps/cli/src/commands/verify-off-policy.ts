import type { Command } from 'commander';
import { isArtworkDocument, verifyArtwork } from './reference/artwork.js';
import { registerReferenceCommand } from './reference/cases.js';
import type { ReferenceReport } from './reference/cases.js';
import { verifyOpenBandit } from './reference/open-bandit.js';

/**
 * Off-policy estimates on the Open Bandit sample, or on logs of a recorded environment whose truth is known; the
 * document says which.
 * @param data directory of the data set.
 * @throws Error with one sentence when the document or the data do not fit.
 */
export function verifyOffPolicy(document: unknown, data: string | undefined): ReferenceReport {
  if (data === undefined) throw new Error('these cases need --data, the directory of their data set');
  return isArtworkDocument(document) ? verifyArtwork(document, data) : verifyOpenBandit(document, data);
}

/** `marquee verify off-policy FILE --data DIR`. */
export function registerVerifyOffPolicy(verify: Command): void {
  registerReferenceCommand(
    verify,
    'off-policy',
    'check off-policy estimators against reference estimates on real and on simulated logs',
    verifyOffPolicy,
  );
}
