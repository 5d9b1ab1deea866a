import { setTimeout as sleep } from 'node:timers/promises';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import { newUlid } from '../../apps/api/src/http/ulid.js';
import { HttpClient } from '../http-client.js';
import type { Answer } from '../http-client.js';
import type { Stack } from '../stack.js';
import { arm, createSurface, createThompson, runExperiment } from '../world.js';
import type { TreatmentAnswer } from '../world.js';
import type { Ledger, SentEvent } from './ledger.js';

export const EXPERIMENT = 'crash';
export const POLICY = 'crash-policy';
/** Metrics whose brute-force computation the audit knows. */
export const METRICS = ['play-rate', 'watch-minutes', 'click-through'] as const;

const UNITS = 200;
const SUBJECTS = ['title-1', 'title-2', 'title-3'];
const ACTIONS = ['one', 'two', 'three', 'four'].map((id) => ({ id }));
const FILLERS = 40;
const RETRY_MS = 40;
const PAUSE_MS = 15;
const ANSWER_WITHIN_MS = 5000;
/** Share of acknowledged batches that are sent once more, and of failed ones that are given up. */
const REPEATED = 0.1;
const GIVEN_UP = 0.2;

/** Two arms of one windowless Thompson policy: learning and rollups both have work. */
export async function createWorld(stack: Stack): Promise<void> {
  await createSurface(stack, 'crash.artwork', 'action');
  await createThompson(stack, POLICY);
  await runExperiment(
    stack,
    EXPERIMENT,
    'crash.artwork',
    [
      arm('control', { kind: 'value', value: 'one' }, true),
      arm('treatment', { kind: 'policy', policyId: POLICY, steadyFor: 'decision' }),
    ],
    METRICS,
  );
}

/** One client: asks for treatments, shows them, and reports what happened, whatever dies meanwhile. */
export class Client {
  private readonly http: HttpClient;
  private readonly rng: Rng;
  private stopping = false;

  constructor(
    stack: Stack,
    private readonly ledger: Ledger,
    seed: string,
  ) {
    this.http = new HttpClient(stack.url, stack.keys.publishable, 1);
    this.rng = createRng(seed);
  }

  stop(): void {
    this.stopping = true;
  }

  async run(): Promise<void> {
    while (!this.stopping) {
      const unitId = `member-${Math.floor(this.rng.uniform() * UNITS)}`;
      const events = [...this.outcomes(unitId, await this.decide(unitId)), ...this.fillers()];
      this.ledger.send(events);
      await this.report(events);
      await sleep(PAUSE_MS);
    }
    this.http.close();
  }

  private async decide(unitId: string): Promise<TreatmentAnswer['treatments']> {
    const requests = SUBJECTS.map((subject) => ({ surface: 'crash.artwork', subject, actions: ACTIONS }));
    const answer = await this.tryOnce('/v1/treatments', { unitId, requests });
    if (answer === null) return [];
    const { treatments } = JSON.parse(answer.text) as TreatmentAnswer;
    for (const { decisionId } of treatments) this.ledger.decisions.add(decisionId);
    return treatments;
  }

  private outcomes(unitId: string, treatments: TreatmentAnswer['treatments']): SentEvent[] {
    const at = new Date().toISOString();
    const outcome = (decisionId: string, name: string, value?: number): SentEvent => ({
      id: newUlid(Date.now()),
      kind: 'outcome',
      unitId,
      at,
      decisionId,
      name,
      ...(value === undefined ? {} : { value }),
    });
    return treatments.flatMap(({ decisionId }) => [
      { id: newUlid(Date.now()), kind: 'exposure' as const, unitId, at, decisionId },
      ...(this.rng.uniform() < 0.7 ? [outcome(decisionId, 'click')] : []),
      // One play per decision, so that its reward does not depend on the order of arrival.
      ...(this.rng.uniform() < 0.8 ? [outcome(decisionId, 'play', this.rng.uniform() < 0.4 ? 1 : 0)] : []),
    ]);
  }

  private fillers(): SentEvent[] {
    return Array.from({ length: FILLERS }, () => ({
      id: newUlid(Date.now()),
      kind: 'outcome',
      unitId: `member-${Math.floor(this.rng.uniform() * UNITS)}`,
      at: new Date().toISOString(),
      name: 'watch',
      value: Math.floor(this.rng.uniform() * 600),
    }));
  }

  /** Sends until it is acknowledged, or gives up now and then as a client does that was closed. */
  private async report(events: readonly SentEvent[]): Promise<void> {
    for (let tries = 0; ; tries++) {
      if (tries > 0) this.ledger.repeats += 1;
      const answer = await this.tryOnce('/v1/events', { events });
      if (answer !== null) {
        const { accepted } = JSON.parse(answer.text) as { accepted: number };
        if (accepted !== events.length)
          throw new Error(`good events were rejected: ${answer.text.slice(0, 300)}`);
        this.ledger.acknowledge(events);
        if (tries > 3 || this.rng.uniform() >= REPEATED) return;
      } else if (this.rng.uniform() < GIVEN_UP) return;
      await sleep(RETRY_MS);
    }
  }

  /** @returns null when there was no answer, or 503. */
  private async tryOnce(path: string, body: unknown): Promise<Answer | null> {
    try {
      const answer = await this.http.send('POST', path, JSON.stringify(body), ANSWER_WITHIN_MS);
      if (answer.status === 200 || answer.status === 202) return answer;
      if (answer.status !== 503)
        throw new Error(`POST ${path}: ${answer.status} ${answer.text.slice(0, 300)}`, { cause: 'answer' });
    } catch (error) {
      if ((error as Error).cause === 'answer') throw error;
    }
    this.ledger.failures += 1;
    await sleep(RETRY_MS);
    return null;
  }
}
