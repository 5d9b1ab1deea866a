import { defineParams } from '#experiments';
import { z } from 'zod';
import type { RecommenderPolicy } from '../contract.js';
import { asSet, decodeItemToItem, encodeItemToItem, historyLimitField, rankByRows } from './item-to-item.js';
import type { ItemToItem, RowRules } from './item-to-item.js';
import { fitLinear, linearFields } from './linear-autoencoder.js';

const schema = z.object({ ...linearFields, historyLimit: historyLimitField });
type Params = z.output<typeof schema>;

export const easeRules = ({ historyLimit: limit }: Params): RowRules => ({ limit, weigh: asSet });

/**
 * EASE: the linear model with a zero diagonal that best restores members' histories from themselves, under a ridge. With
 * G = X'X and P = (G + lambda I)^-1 the weights are B_ij = -P_ij / P_jj, and the score is the sum of the rows of B of
 * what the member watched.
 */
export const ease: RecommenderPolicy<Params, ItemToItem> = {
  key: 'ease',
  title: 'Linear model of titles (EASE)',
  summary: 'Learns how much each watched title speaks for or against each other one, all at once.',
  reference: 'Steck (2019), Embarrassingly shallow autoencoders for sparse data',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit: (data, params, _rng, progress) => fitLinear(data, params, () => params.lambda, progress),
  encode: encodeItemToItem,
  decode: decodeItemToItem,
  compile: (state, params) => rankByRows(state, easeRules(params)),
};
