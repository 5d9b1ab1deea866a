import { ApiClient } from '../api-client.js';
import { resolveConnection, type ConnectionOptions } from '../connection.js';
import { EventSender } from '../event-sender.js';
import { finish } from '../finish.js';
import { createProgress } from '../progress.js';
import { prepare } from '../set-up.js';
import { loadMovies, loadSessions } from './load.js';
import { MovielensReplay, planReplay } from './replay.js';
import { movielensExperiment, movielensSetUp } from './set-up.js';

export interface MovielensOptions extends ConnectionOptions {
  readonly data: string;
  readonly seed: string;
  readonly members?: number | undefined;
  readonly limit?: number | undefined;
  readonly perSession: number;
  readonly json?: boolean | undefined;
}

/** Replays the real ratings of MovieLens as traffic against the running API. */
export async function runMovielens(options: MovielensOptions): Promise<void> {
  const silent = options.json === true;
  const movies = loadMovies(options.data);
  const sessions = loadSessions(options.data, options.members);
  const replayOptions = {
    seed: options.seed,
    run: Date.now().toString(36),
    perSession: options.perSession,
    limit: options.limit ?? Infinity,
  };
  const planned = planReplay(sessions, replayOptions);
  const total = planned.reduce((sum, plan) => sum + plan.questions.length, 0);
  const connection = resolveConnection(options);
  const api = new ApiClient(connection);
  if (!silent) process.stderr.write(`movielens: ${planned.length} sessions, ${total} decisions\n`);
  await prepare(api, movielensSetUp(movies));
  const sender = new EventSender(api, 120_000);
  const progress = createProgress('movielens', total, silent);
  const replay = new MovielensReplay(api, sender, replayOptions, progress);
  try {
    await replay.run(planned);
  } finally {
    progress.stop();
  }
  if (sender.firstRejection)
    process.stderr.write(`${sender.rejected} events were rejected (${sender.firstRejection})\n`);
  await finish(api, connection, { experiment: movielensExperiment, json: silent, tallies: replay.tallies });
}
