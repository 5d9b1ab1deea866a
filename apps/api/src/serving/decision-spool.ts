import { Inject, Injectable } from '@nestjs/common';
import { encodeDecision } from '../queues/decision-lines.js';
import { DecisionShipping } from '../queues/decision-shipping.js';
import type { DecisionRecord } from '../queues/jobs.js';
import { Spool } from '../queues/spool.js';

/** Where served decisions go: the process's journal, on its way to their table. */
@Injectable()
export class DecisionSpool {
  constructor(
    @Inject(Spool) private readonly spool: Spool,
    @Inject(DecisionShipping) private readonly shipping: DecisionShipping,
  ) {}

  /** Resolves when the decisions survive the end of this process; neither waits for a database nor rejects. */
  record(decisions: readonly DecisionRecord[]): Promise<void> {
    let lines = '';
    for (const decision of decisions) {
      lines += encodeDecision(decision);
      if (decision.fallback !== null) this.shipping.tally.add('ingest.decisions_fallback', 1);
    }
    return new Promise((resolve) => this.spool.append('decisions', lines, decisions.length, resolve));
  }
}
