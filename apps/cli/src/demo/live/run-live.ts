import { createWorld, defaultSize, nextVisitPolicy } from '#simulation';
import { ApiClient } from '../api-client.js';
import { resolveConnection, type ConnectionOptions } from '../connection.js';
import { prepareHomeTitles } from '../home-page.js';
import { prepare } from '../set-up.js';
import { Showcase } from '../showcase/showcase.js';
import { trainFirst } from '../training.js';
import { worldSetUp } from '../world-set-up.js';
import { LiveWorld } from './live-world.js';
import { recall, remember } from './memory.js';
import { Traffic } from './traffic.js';

export interface LiveOptions extends ConnectionOptions {
  readonly seed: string;
  readonly members: number;
  /** Requests per second, about. */
  readonly rate: number;
  readonly speed: number;
  /** Seconds; endless when undefined. */
  readonly duration?: number | undefined;
  /** Set the product up and send nothing. */
  readonly prepare?: boolean | undefined;
  /** Only say what went wrong. */
  readonly quiet?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** A visit asks about this often. */
const requestsPerVisit = 1.1;

/** The simulated world as live traffic: prepares the product, then sends visits until told to stop. */
export async function runLive(options: LiveOptions): Promise<void> {
  const connection = resolveConnection(options);
  const api = new ApiClient(connection);
  const complain = (line: string): void => void process.stderr.write(`demo: ${line}\n`);
  const log = options.json || options.quiet ? (): void => undefined : complain;
  const world = createWorld(options.seed, { members: options.members, titles: defaultSize.titles });
  await prepare(api, worldSetUp(world));
  log(`the simulated world stands: ${options.members} members, ${world.titles.length} titles`);
  if (options.prepare) return;
  trainFirst(api, nextVisitPolicy.id).catch((error: unknown) => complain(String(error)));
  await prepareHomeTitles(api).catch((error: Error) => complain(`home page: ${error.message}`));
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  if (options.duration !== undefined) setTimeout(() => stop.abort(), options.duration * 1000).unref();
  const run = Date.now().toString(36);
  const live = new LiveWorld(world, run, recall(options.seed));
  const save = (): void => remember({ seed: options.seed, members: live.members, gone: live.gone });
  const showing = new Showcase(api, connection, run, complain)
    .run(stop.signal)
    .catch((error: unknown) => complain(`showcase: ${String(error)}`));
  const saving = setInterval(save, 30_000);
  const traffic = new Traffic(api, live, {
    visitsPerSecond: options.rate / requestsPerVisit,
    speed: options.speed,
    signal: stop.signal,
    log,
    complain,
  });
  try {
    await traffic.run();
    await showing;
  } finally {
    clearInterval(saving);
    save();
  }
  if (options.json) process.stdout.write(`${JSON.stringify(traffic.totals)}\n`);
}
