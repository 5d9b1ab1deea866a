import type { DecisionRecord } from '../src/queues/jobs.js';
import { DecisionSpool } from '../src/serving/decision-spool.js';
import type { TestApi } from './api.js';

/** The records that serving writes from now on; they are stored without the queue in between. */
export function keepRecords(api: TestApi): DecisionRecord[] {
  const spool = api.running.app.get(DecisionSpool);
  const record = spool.record.bind(spool);
  const kept: DecisionRecord[] = [];
  spool.record = (decisions) => {
    kept.push(...decisions);
    return record(decisions);
  };
  return kept;
}
