import { ApiClient } from '../api-client.js';
import { resolveConnection, type ConnectionOptions } from '../connection.js';
import { EventSender } from '../event-sender.js';
import { finish } from '../finish.js';
import { createProgress } from '../progress.js';
import { prepare } from '../set-up.js';
import { loadOpenBandit } from './load.js';
import { OpenBanditReplay } from './replay.js';
import { openBanditExperiment, openBanditSetUp } from './set-up.js';

export interface OpenBanditOptions extends ConnectionOptions {
  readonly data: string;
  readonly limit?: number | undefined;
  readonly passes: number;
  readonly json?: boolean | undefined;
}

/** Replays the uniformly random log of a real shop by rejection against the running API. */
export async function runOpenBandit(options: OpenBanditOptions): Promise<void> {
  const silent = options.json === true;
  const log = loadOpenBandit(options.data);
  const limit = options.limit ?? Infinity;
  const total = Math.min(limit, log.impressions.length * options.passes);
  const clicks = log.impressions.filter((impression) => impression.clicked).length;
  const connection = resolveConnection(options);
  const api = new ApiClient(connection);
  if (!silent) {
    const expected = Math.round(total / log.items.length);
    process.stderr.write(
      `open-bandit: ${log.impressions.length} logged rows with ${clicks} clicks, ${log.items.length} items; ` +
        `of ${total} decisions about ${expected} will agree with the log and count\n`,
    );
  }
  await prepare(api, openBanditSetUp(log.items));
  const sender = new EventSender(api, 120_000);
  const progress = createProgress('open-bandit', total, silent);
  const replay = new OpenBanditReplay(
    api,
    sender,
    { run: Date.now().toString(36), passes: options.passes, limit },
    progress,
  );
  try {
    await replay.run(log.impressions);
  } finally {
    progress.stop();
  }
  if (sender.firstRejection)
    process.stderr.write(`${sender.rejected} events were rejected (${sender.firstRejection})\n`);
  await finish(api, connection, { experiment: openBanditExperiment, json: silent, tallies: replay.tallies });
}
