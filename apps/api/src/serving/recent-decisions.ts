import { Injectable } from '@nestjs/common';

const MOST = 50_000;

/** Whose decisions the last ones were: a client may say that one was seen before it is stored. */
@Injectable()
export class RecentDecisions {
  private readonly units = new Map<string, string>();

  note(decisionId: string, unitId: string): void {
    if (this.units.size >= MOST) this.units.delete(this.units.keys().next().value as string);
    this.units.set(decisionId, unitId);
  }

  /** The unit that the decision's events are sent for; undefined where it was made elsewhere or long ago. */
  unitOf(decisionId: string): string | undefined {
    return this.units.get(decisionId);
  }
}
