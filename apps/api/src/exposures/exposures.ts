import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { DecisionsStore } from '../serving/decisions.store.js';
import { RecentDecisions } from '../serving/recent-decisions.js';
import type { ExposuresBody } from './exposures.schema.js';

/** An exposure as `POST /v1/events` takes it. */
interface ExposureEvent {
  readonly id: string;
  readonly kind: 'exposure' | 'outcome';
  readonly name?: 'default_shown';
  readonly unitId: string;
  readonly at: string;
  readonly decisionId: string;
}

/** Makes events of decisions that were seen. Whose they are is never the client's to say. */
@Injectable()
export class Exposures {
  constructor(
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
    @Inject(DecisionsStore) private readonly decisions: DecisionsStore,
  ) {}

  /** @throws Problem 404 `decision_not_found` where one is not known, or not known yet: send them again. */
  async eventsOf(body: ExposuresBody): Promise<ExposureEvent[]> {
    const seen = 'exposures' in body ? body.exposures : [body];
    const units = await this.unitsOf(seen.map(({ decisionId }) => decisionId));
    const now = new Date().toISOString();
    return seen.map(({ decisionId, at = now, shown = 'arm' }, i) => {
      const unitId = units.get(decisionId);
      if (unitId === undefined) throw notFound(decisionId, 'exposures' in body ? `/exposures/${i}` : '');
      const event = { unitId, at, decisionId };
      return shown === 'arm'
        ? { id: `exposure-${decisionId}`, kind: 'exposure', ...event }
        : { id: `default-${decisionId}`, kind: 'outcome', name: 'default_shown', ...event };
    });
  }

  private async unitsOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const units = new Map<string, string>();
    const stored: string[] = [];
    for (const id of ids) {
      const unit = this.recent.unitOf(id);
      if (unit === undefined) stored.push(id);
      else units.set(id, unit);
    }
    if (stored.length > 0)
      for (const { id, unit_id: unit } of await this.decisions.findAll(stored)) units.set(id, unit);
    return units;
  }
}

const notFound = (decisionId: string, pointer: string): Problem => {
  const message = `the decision ${decisionId} is not known, or not stored yet: send it again in a moment`;
  return new Problem(
    404,
    'decision_not_found',
    message,
    [{ pointer: `${pointer}/decisionId`, code: 'decision_not_found', message }],
    { 'retry-after': '2' },
  );
};
