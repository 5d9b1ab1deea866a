import { defineParams } from '#experiments';
import { z } from 'zod';
import type { RecommenderPolicy } from '../contract.js';
import { asSet, decodeItemToItem, encodeItemToItem, historyLimitField, rankByRows } from './item-to-item.js';
import type { ItemToItem } from './item-to-item.js';
import { fitLinear, linearFields } from './linear-autoencoder.js';

const schema = z.object({
  ...linearFields,
  dropout: z
    .number()
    .min(0)
    .max(0.95)
    .default(0.2)
    .describe('Share of each history that is hidden while it is to be restored; 0 is EASE.'),
  historyLimit: historyLimitField,
});
type Params = z.output<typeof schema>;

/**
 * EDLAE: EASE that restores histories of which a share p is hidden at random. In expectation that is a ridge of
 * lambda + p / (1 - p) G_jj on the diagonal, so it costs nothing more and leans less on popular titles.
 */
export const edlae: RecommenderPolicy<Params, ItemToItem> = {
  key: 'edlae',
  title: 'Linear model of titles with dropout (EDLAE)',
  summary: 'As EASE, but learned from histories with gaps, so that single popular titles speak less.',
  reference: 'Steck (2020), Autoencoders that don’t overfit towards the identity',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit: (data, params, _rng, progress) => {
    const share = params.dropout / (1 - params.dropout);
    return fitLinear(data, params, (members) => params.lambda + share * members, progress);
  },
  encode: encodeItemToItem,
  decode: decodeItemToItem,
  compile: (state, params) => rankByRows(state, { limit: params.historyLimit, weigh: asSet }),
};
