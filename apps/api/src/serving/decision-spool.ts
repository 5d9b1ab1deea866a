import { Inject, Injectable } from '@nestjs/common';
import type { DecisionRecord } from '../queues/jobs.js';
import { Spool } from '../queues/spool.js';

/** Where served decisions go: the process's journal, on its way to the queue. */
@Injectable()
export class DecisionSpool {
  constructor(@Inject(Spool) private readonly spool: Spool) {}

  /** Neither waits nor throws: answering does not depend on the record's way. */
  record(decisions: readonly DecisionRecord[]): void {
    this.spool.append('decisions', decisions);
  }
}
