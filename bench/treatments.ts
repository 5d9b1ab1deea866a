import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBare } from './bare.js';
import type { Bare } from './bare.js';
import { figureOf, median, span } from './figure.js';
import type { Figure } from './figure.js';
import { paced, saturated } from './paced.js';
import type { LoadTarget, Paced } from './paced.js';
import { createDatabase, quiet, startStack } from './stack.js';
import type { Ground, Stack } from './stack.js';
import { ACTIONS, arm, createSurface, createThompson, runExperiment } from './world.js';
import type { TreatmentAnswer } from './world.js';

const ROUNDS = 5;
const ROUND_SECONDS = 2.5;
const LATENCY_SECONDS = 3;
const CONNECTIONS = 32;
const UNITS = 500;
const MOST_DRAIN_SECONDS = 15;

/** What is asked for, of Marquee and of the bare route. */
interface Subject {
  readonly key: 'value' | 'action';
  readonly bodies: readonly string[];
}

interface Measured {
  readonly perSecond: number;
  /** Processor microseconds of the serving process per request. */
  readonly cpuMicros: number;
}

const CONTEXT = { country: 'DE', device: 'tv', plan: 'standard', tenureDays: 123 };

function subjectOf(key: Subject['key']): Subject {
  const request =
    key === 'value'
      ? { surface: 'bench.value' }
      : { surface: 'bench.action', subject: 'title-1', actions: ACTIONS.map((id) => ({ id })) };
  const bodies = Array.from({ length: UNITS }, (_, i) =>
    JSON.stringify({ unitId: `member-${i}`, context: CONTEXT, requests: [request] }),
  );
  return { key, bodies };
}

async function createWorld(stack: Stack): Promise<void> {
  await createSurface(stack, 'bench.value', 'value');
  await createSurface(stack, 'bench.action', 'action');
  await runExperiment(stack, 'bench-value', 'bench.value', [
    arm('control', { kind: 'value', value: 'blue' }, true),
    arm('treatment', { kind: 'value', value: 'green' }),
  ]);
  await createThompson(stack, 'first');
  await createThompson(stack, 'second');
  await runExperiment(stack, 'bench-action', 'bench.action', [
    arm('control', { kind: 'policy', policyId: 'first', steadyFor: 'decision' }, true),
    arm('treatment', { kind: 'policy', policyId: 'second', steadyFor: 'decision' }),
  ]);
}

/**
 * Waits until the experiments are served, and teaches the policies a little, so that what serves is a learned snapshot.
 * @returns an answer of each subject.
 */
async function teach(stack: Stack, subjects: readonly Subject[]): Promise<Map<string, TreatmentAnswer>> {
  const answers = new Map<string, TreatmentAnswer>();
  for (const subject of subjects) answers.set(subject.key, await teachOne(stack, subject));
  return answers;
}

const LESSONS = 200;

async function teachOne(stack: Stack, { key, bodies }: Subject): Promise<TreatmentAnswer> {
  const deadline = Date.now() + 30_000;
  for (let taught = 0; Date.now() < deadline;) {
    const answer = await stack.admin.json<TreatmentAnswer>(
      'POST',
      '/v1/treatments',
      JSON.parse(bodies[taught % UNITS] as string),
    );
    const [treatment] = answer.treatments;
    if (typeof treatment?.experiment !== 'string') {
      await sleep(50);
      continue;
    }
    const version = treatment.policy?.version ?? 0;
    if (key === 'value' || (taught > LESSONS && version > 0)) return answer;
    await stack.admin.json('POST', '/v1/events', { events: [playOf(treatment.decisionId, taught++)] });
  }
  throw new Error(`the experiment on bench.${key} is not served`);
}

const playOf = (decisionId: string, n: number): object => ({
  id: `teach-${n}`,
  kind: 'outcome',
  unitId: `member-${n % UNITS}`,
  at: new Date().toISOString(),
  decisionId,
  name: 'play',
  value: n % 3 === 0 ? 1 : 0,
});

/** The processes under load, and how to load them. */
class Rig {
  constructor(
    private readonly stack: Stack,
    private readonly bare: Bare,
  ) {}

  async load(of: 'marquee' | 'bare', subject: Subject): Promise<Measured> {
    const daemon = of === 'marquee' ? this.stack.api : this.bare.daemon;
    const cpu = daemon.cpuSeconds();
    const { perSecond, answered } = await saturated(
      this.targetOf(of, subject),
      CONNECTIONS,
      ROUND_SECONDS,
    ).catch((error: Error) => {
      const state = daemon.running ? 'runs' : 'has ended';
      throw new Error(`${of}: ${error.message}; the process ${state}, its log: ${daemon.log().slice(-2000)}`);
    });
    return { perSecond, cpuMicros: ((daemon.cpuSeconds() - cpu) / answered) * 1e6 };
  }

  private targetOf(of: 'marquee' | 'bare', { key, bodies }: Subject): LoadTarget {
    const [url, path] = of === 'marquee' ? [this.stack.url, '/v1/treatments'] : [this.bare.url, `/${key}`];
    return { url, path, headers: { authorization: `Bearer ${this.stack.keys.publishable}` }, bodies };
  }

  /** Evenly spread requests, in an open loop. */
  atRate(of: 'marquee' | 'bare', subject: Subject, perSecond: number, seconds: number): Promise<Paced> {
    return paced(this.targetOf(of, subject), perSecond, seconds);
  }

  /** Until the decisions of the last round are stored: they must not burden the ceiling. */
  async drain(): Promise<void> {
    let before = -1;
    for (const deadline = Date.now() + MOST_DRAIN_SECONDS * 1000; Date.now() < deadline;) {
      await quiet(this.stack, 5);
      const { rows } = await this.stack.client.query<{ n: number }>(
        'select count(*)::int as n from decision',
      );
      if (rows[0]?.n === before) return;
      before = rows[0]?.n ?? 0;
    }
  }
}

/** POST /v1/treatments against a bare Fastify route, in turns; then the latency at half of saturation. */
export async function benchTreatments(ground: Ground): Promise<Figure[]> {
  const stack = await startStack(
    await createDatabase(ground, 'bench_treatments'),
    path.join(ground.stateDir, 'treatments'),
  );
  const subjects = [subjectOf('value'), subjectOf('action')];
  let bare: Bare | null = null;
  try {
    await createWorld(stack);
    bare = await startBare(await teach(stack, subjects), ground);
    const rig = new Rig(stack, bare);
    const figures: Figure[] = [];
    for (const subject of subjects) figures.push(...(await measure(rig, subject)));
    return figures;
  } finally {
    await bare?.daemon.stop();
    await stack.close();
  }
}

interface Round {
  readonly bare: Measured;
  readonly own: Measured;
  /** At half of what Marquee has just served at saturation. */
  readonly bareAtHalf: Paced;
  readonly ownAtHalf: Paced;
}

/** Everything in turns, so that a minute in which the machine is slower touches both sides of every comparison. */
async function measureRound(rig: Rig, subject: Subject): Promise<Round> {
  const bare = await rig.load('bare', subject);
  const own = await rig.load('marquee', subject);
  await rig.drain();
  const half = Math.round(own.perSecond / 2);
  const bareAtHalf = await rig.atRate('bare', subject, half, LATENCY_SECONDS);
  const ownAtHalf = await rig.atRate('marquee', subject, half, LATENCY_SECONDS);
  await rig.drain();
  return { bare, own, bareAtHalf, ownAtHalf };
}

async function measure(rig: Rig, subject: Subject): Promise<Figure[]> {
  const rounds: Round[] = [];
  // The first round warms both up and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = await measureRound(rig, subject);
    if (round > 0) rounds.push(measured);
  }
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const title = subject.key === 'value' ? 'fixed arm' : 'Thompson, 10 actions';
  const ownCpu = middle(({ own }) => own.cpuMicros);
  const bareCpu = middle(({ bare }) => bare.cpuMicros);
  return [
    figureOf(
      {
        key: `treatments-${subject.key}`,
        title: `treatments, ${title}`,
        unit: 'req/s',
        value: middle(({ own }) => own.perSecond),
        ceiling: middle(({ bare }) => bare.perSecond),
        target: { of: 'ratio', atLeast: subject.key === 'value' ? 0.5 : 0.4 },
      },
      {
        'processor us/request': ownCpu,
        'bare us/request': bareCpu,
        'ratio by processor time': bareCpu / ownCpu,
        'lowest and highest ratio': span(rounds.map(({ own, bare }) => own.perSecond / bare.perSecond)),
      },
    ),
    figureOf(
      {
        key: `treatments-${subject.key}-p99`,
        title: `p99 at half of saturation, ${title}`,
        unit: 'ms',
        value: middle(({ ownAtHalf }) => ownAtHalf.p99),
        ceiling: middle(({ bareAtHalf }) => bareAtHalf.p99),
        target: { of: 'value', atMost: 15 },
      },
      {
        'p50 ms': middle(({ ownAtHalf }) => ownAtHalf.p50),
        'bare p50 ms': middle(({ bareAtHalf }) => bareAtHalf.p50),
        'req/s served': middle(({ ownAtHalf }) => ownAtHalf.perSecond),
        'lowest and highest p99 ms': span(rounds.map(({ ownAtHalf }) => ownAtHalf.p99)),
      },
    ),
  ];
}
