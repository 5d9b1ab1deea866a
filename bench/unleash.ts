import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBare } from './bare.js';
import type { Bare } from './bare.js';
import type { Daemon } from './daemon.js';
import { figureOf, median, span } from './figure.js';
import type { Figure } from './figure.js';
import { saturated } from './paced.js';
import type { LoadTarget, Saturated } from './paced.js';
import { installPeer } from './peers.js';
import { createDatabase, quiet, startStack } from './stack.js';
import type { Ground, Stack } from './stack.js';
import { startUnleash, unleashQuery } from './unleash-peer.js';
import type { Unleash } from './unleash-peer.js';
import { arm, createSurface, runExperiment } from './world.js';
import type { TreatmentAnswer } from './world.js';

const VERSION = '8.2.0';
const ROUNDS = 5;
const ROUND_SECONDS = 3;
const CONNECTIONS = 32;
const UNITS = 5000;
const SURFACE = 'bench.value';
const STORED_WITHIN_MS = 60_000;

/** How an answer says which arm or variant it is; each server has its own order of fields, and these texts in common. */
const ARMS = { control: '"control"', treatment: '"treatment"' };

const CONTEXT = { country: 'DE', device: 'tv', plan: 'standard' };
const units = Array.from({ length: UNITS }, (_, i) => `member-${i}`);

type Side = 'marquee' | 'unleash' | 'bare';

interface Measured extends Saturated {
  /** Processor microseconds of the serving process per request. */
  readonly cpuMicros: number;
  /** The same of the load generator, which is this process. */
  readonly loadMicros: number;
  /** Of the answers. */
  readonly controlShare: number;
}

interface Round extends Readonly<Record<Side, Measured>> {
  /** Decisions in PostgreSQL per second, from the first request to the last row. */
  readonly storedPerSecond: number;
}

/** The three servers, each in a process of its own. */
class Rig {
  private readonly targets: Readonly<Record<Side, LoadTarget>>;
  private readonly daemons: Readonly<Record<Side, Daemon>>;

  constructor(
    private readonly stack: Stack,
    unleash: Unleash,
    bare: Bare,
  ) {
    const bodies = units.map((unitId) =>
      JSON.stringify({ unitId, context: CONTEXT, requests: [{ surface: SURFACE }] }),
    );
    const headers = { authorization: `Bearer ${stack.keys.publishable}` };
    this.targets = {
      marquee: { url: stack.url, path: '/v1/treatments', headers, bodies, oneOf: ARMS },
      bare: { url: bare.url, path: '/value', headers, bodies, oneOf: ARMS },
      unleash: { ...unleash.target(units.map((unitId) => unleashQuery(unitId, CONTEXT))), oneOf: ARMS },
    };
    this.daemons = { marquee: stack.api, bare: bare.daemon, unleash: unleash.daemon };
  }

  /** Everything in turns, so that a minute in which the machine is slower touches all sides. */
  async round(): Promise<Round> {
    const unleash = await this.load('unleash');
    const before = await this.decisions();
    const began = performance.now();
    const marquee = await this.load('marquee');
    await this.stored(before + marquee.answered);
    const storedPerSecond = marquee.answered / ((performance.now() - began) / 1000);
    await quiet(this.stack, 5);
    const bare = await this.load('bare');
    return { unleash, marquee, bare, storedPerSecond };
  }

  private async load(side: Side): Promise<Measured> {
    const daemon = this.daemons[side];
    const cpu = daemon.cpuSeconds();
    const own = process.cpuUsage();
    const result = await saturated(this.targets[side], CONNECTIONS, ROUND_SECONDS).catch((error: Error) => {
      throw new Error(`${side}: ${error.message}; its log: ${daemon.log().slice(-2000)}`);
    });
    const { user, system } = process.cpuUsage(own);
    const { answered, seen } = result;
    return {
      ...result,
      cpuMicros: ((daemon.cpuSeconds() - cpu) / answered) * 1e6,
      loadMicros: (user + system) / answered,
      controlShare: (seen['control'] ?? 0) / answered,
    };
  }

  private async decisions(): Promise<number> {
    const { rows } = await this.stack.client.query<{ n: number }>('select count(*)::int as n from decision');
    return rows[0]?.n ?? 0;
  }

  /** @throws Error unless every decision that was answered is a row in the end, and none is there twice. */
  private async stored(expected: number): Promise<void> {
    let found = -1;
    for (const deadline = Date.now() + STORED_WITHIN_MS; Date.now() < deadline;) {
      found = await this.decisions();
      if (found >= expected) break;
      await sleep(50);
    }
    if (found !== expected) throw new Error(`${expected} decisions were answered, ${found} are stored`);
  }
}

async function createWorld(stack: Stack): Promise<TreatmentAnswer> {
  await createSurface(stack, SURFACE, 'value');
  await runExperiment(stack, 'bench-value', SURFACE, [
    arm('control', { kind: 'value', value: 'blue' }, true),
    arm('treatment', { kind: 'value', value: 'green' }),
  ]);
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    const answer = await stack.admin.json<TreatmentAnswer>('POST', '/v1/treatments', {
      unitId: 'member-0',
      requests: [{ surface: SURFACE }],
    });
    if (typeof answer.treatments[0]?.experiment === 'string') return answer;
    await sleep(50);
  }
  throw new Error(`the experiment on ${SURFACE} is not served`);
}

/**
 * Marquee's decisions against unleash-server's frontend API: one flag or experiment with two variants, one unit a
 * request, the same load on both. Marquee records each decision; the other records none.
 */
export async function benchUnleash(ground: Ground): Promise<Figure[]> {
  let folder: string;
  try {
    folder = await installPeer('unleash-server', VERSION);
  } catch (error) {
    process.stderr.write(`  skipped: ${(error as Error).message}\n`);
    return [];
  }
  const databaseUrl = await createDatabase(ground, 'bench_against_unleash');
  const stack = await startStack(databaseUrl, path.join(ground.stateDir, 'marquee'));
  let bare: Bare | null = null;
  let unleash: Unleash | null = null;
  try {
    bare = await startBare(new Map([['value', await createWorld(stack)]]), ground);
    unleash = await startUnleash(folder, ground);
    const rig = new Rig(stack, unleash, bare);
    const rounds: Round[] = [];
    // The first round warms all of them up and does not count.
    for (let i = 0; i <= ROUNDS; i++) {
      const round = await rig.round();
      process.stderr.write(
        `  round ${i}: ${(['marquee', 'unleash', 'bare'] as const).map((side) => `${side} ${Math.round(round[side].perSecond)}/s`).join(', ')}\n`,
      );
      if (i > 0) rounds.push(round);
    }
    return figuresOf(rounds);
  } finally {
    await unleash?.daemon.stop();
    await bare?.daemon.stop();
    await stack.close();
  }
}

function figuresOf(rounds: readonly Round[]): Figure[] {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const of = (side: Side, key: Exclude<keyof Measured, 'seen'>): number =>
    middle((round) => round[side][key]);
  const ratios = (peer: Side): number[] =>
    rounds.map((round) => round.marquee.perSecond / round[peer].perSecond);
  const latencies = (side: Side): Figure['details'] => ({
    [`${side} p50 ms`]: of(side, 'p50'),
    [`${side} p99 ms`]: of(side, 'p99'),
    [`${side} us/request`]: of(side, 'cpuMicros'),
    [`${side} us/request of the load generator`]: of(side, 'loadMicros'),
    [`${side} share of control`]: of(side, 'controlShare'),
  });
  const shared = { unit: 'req/s', value: of('marquee', 'perSecond') };
  return [
    figureOf(
      {
        ...shared,
        key: 'unleash',
        title: `treatments against unleash-server ${VERSION}`,
        ceiling: of('unleash', 'perSecond'),
        target: { of: 'ratio', atLeast: 15 },
      },
      {
        ...latencies('marquee'),
        ...latencies('unleash'),
        'ratio by processor time': of('unleash', 'cpuMicros') / of('marquee', 'cpuMicros'),
        'lowest and highest ratio': span(ratios('unleash')),
        'stored in PostgreSQL per second, to the last row': middle(({ storedPerSecond }) => storedPerSecond),
      },
    ),
    figureOf(
      {
        ...shared,
        key: 'unleash-bare',
        title: 'the same against bare Fastify',
        ceiling: of('bare', 'perSecond'),
        target: { of: 'ratio', atLeast: 0.5 },
      },
      { ...latencies('bare'), 'lowest and highest ratio': span(ratios('bare')) },
    ),
  ];
}
