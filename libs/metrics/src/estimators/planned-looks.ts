import type { LookPlan } from '../contract.js';

/** A planned look this close, as a share of the planned units, is the present one. */
export const LOOK_TOLERANCE = 0.01;

/**
 * The planned look whose boundary judges a read at this size: the last one that was reached; before the first one, that
 * one. A read between two looks so spends no error of its own.
 * @param units units of both arms. @returns an index into `plan.looks`.
 */
export function judgingLook(units: number, { plannedUnits, looks }: LookPlan): number {
  const now = units / plannedUnits;
  const reached = looks.filter((look) => look - LOOK_TOLERANCE <= now).length;
  return Math.max(0, reached - 1);
}

/**
 * The planned look to wait for, as a share of the planned units; null where this is one, or the last one is behind.
 * Whoever reads once a day meets every look on exactly one day, however many units a day brings.
 * @param units units of both arms. @param unitsPerDay how many of them come on a day; 0 where that is not known.
 */
export function lookToWaitFor(units: number, plan: LookPlan, unitsPerDay: number): number | null {
  const { plannedUnits, looks } = plan;
  const now = units / plannedUnits;
  const after = Math.max(LOOK_TOLERANCE, unitsPerDay / plannedUnits);
  const isHere = looks.some((look) => look - LOOK_TOLERANCE <= now && now < look + after);
  return isHere ? null : (looks.find((look) => look > now) ?? null);
}
