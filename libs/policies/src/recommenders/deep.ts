import { defineParams } from '#experiments';
import type { Rng } from '#experiments';
import { z } from 'zod';
import type { FitProgress, FitStart, Ranker, RecommenderPolicy, TrainingSet } from '../contract.js';
import { holdOut, trainUntilBest } from './deep/batches.js';
import { Examples } from './deep/examples.js';
import { decodeRanking, encodeRanking, RankingScorer, trainedState } from './deep/model.js';
import type { RankingState } from './deep/model.js';
import { networkParams, networkRules } from './deep/params.js';
import { RankingNet } from './deep/ranking-net.js';
import { RetrievalTrainer } from './deep/retrieval-trainer.js';
import { retrievalParams } from '../retrieval/embedding.js';
import { retrieving } from '../retrieval/retrieval.js';
import { CountedRng } from '../sampling/counted-rng.js';
import { shuffle } from '../sampling/shuffle.js';

const schema = z.object({
  ...networkParams,
  negatives: z
    .int()
    .min(1)
    .max(200)
    .default(16)
    .describe('Titles drawn per question that the ranking part is asked against.'),
  softmaxTitles: z
    .int()
    .min(16)
    .max(20_000)
    .default(4096)
    .describe('Titles that the towers are asked against: all, or so many drawn for each batch.'),
  ...retrievalParams,
});
type Params = z.output<typeof schema>;

/** Rows that watch the training: at most so many, and this share. */
const WATCHED = { most: 2048, share: 0.03 };

function fit(
  data: TrainingSet,
  params: Params,
  rng: Rng,
  progress: FitProgress,
  { checkpoints }: FitStart<RankingState> = {},
): RankingState {
  const examples = new Examples(data, networkRules(params));
  const { batch, epochs } = params;
  const titles = Math.min(data.items.length, Math.max(params.softmaxTitles, batch));
  const net = new RankingNet(
    {
      dimension: params.dimension,
      hidden: params.hidden,
      heads: 1,
      titles: data.items.length,
      titleFeatures: data.items.length + examples.titleSpace.size,
      contextFeatures: examples.contextSpace.size,
      queries: batch,
      rows: titles,
      pairs: batch * (1 + params.negatives),
      trained: true,
      memoryLimit: params.memoryMb * 1024 ** 2,
    },
    rng.fork('weights'),
  );
  const options = {
    batch,
    titles,
    negatives: params.negatives,
    rate: params.learningRate,
    decay: params.decay,
    dropped: params.dropped,
  };
  const [steps, order] = [new CountedRng(rng.fork('steps')), new CountedRng(rng.fork('order'))];
  const trainer = new RetrievalTrainer(net, examples, data.item, options, steps);
  const { train, watch } = holdOut(data.item.length, WATCHED.share, WATCHED.most, rng.fork('watch'));
  trainUntilBest(
    { epochs, patience: params.patience },
    net.parameters,
    (number) => {
      shuffle(train, order);
      for (let from = 0; from < train.length; from += batch) {
        trainer.train(train.subarray(from, from + batch));
        progress((number - 1 + Math.min(1, (from + batch) / train.length)) / epochs);
      }
      return watch.length === 0 ? null : watchedLoss(trainer, watch, batch);
    },
    { streams: [steps, order], order: train },
    checkpoints,
  );
  progress(1);
  return trainedState(params, ['play'], data, examples, net.parameters.snapshot());
}

function watchedLoss(trainer: RetrievalTrainer, watch: Uint32Array, batch: number): number {
  let loss = 0;
  for (let from = 0; from < watch.length; from += batch) {
    const part = watch.subarray(from, from + batch);
    loss += trainer.loss(part) * part.length;
  }
  return loss / watch.length;
}

function compile(state: RankingState, { retrieved }: Params): Ranker {
  const scorer = new RankingScorer(state);
  return {
    decides: 'slate',
    scores: (request) => scorer.logits(request),
    // The towers find, the cross network ranks.
    ...retrieving(state.items, retrieved, () => scorer.towers()),
  };
}

/**
 * A network over member, title and context: the member by `context.history` (newest last) and by what the context says of
 * them, the title by its own number and its features, the moment by device, hour and whatever else the context holds. New
 * members are served from what is known of them, new titles by their features.
 */
export const deep: RecommenderPolicy<Params, RankingState> = {
  key: 'deep',
  title: 'Deep network: two towers and a cross network',
  summary: 'Learns from member, title and context together which title fits this moment.',
  reference:
    'Covington, Adams, Sargin (2016), Deep neural networks for YouTube recommendations; Yi et al. (2019), ' +
    'Sampling-bias-corrected neural modeling; Wang et al. (2021), DCN V2',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  needs: () => ({ contexts: true, tasks: [] }),
  fit,
  encode: encodeRanking,
  decode: decodeRanking,
  compile,
};
