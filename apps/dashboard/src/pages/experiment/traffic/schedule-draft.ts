import type { RampStep, Schedule } from '../../../api/traffic.js';

/** A step as typed: percent and hours. */
export interface StepDraft {
  id: number;
  traffic: number | '';
  at: string;
  afterHours: number | '';
  needs: RampStep['needs'];
}

/** Times as `<input type="datetime-local">` has them, in the reader's time zone. */
export interface ScheduleDraft {
  startAt: string;
  endAt: string;
  atEnd: Schedule['atEnd'];
  units: number | '';
  /** In percent. */
  halfWidth: number | '';
  ramp: StepDraft[];
}

/** ISO to `YYYY-MM-DDTHH:mm` of the reader's time zone. */
export function localOf(iso: string | null): string {
  if (iso === null) return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
const isoOf = (local: string): string | null => (local === '' ? null : new Date(local).toISOString());
const percentOf = (share: number): number => Number((share * 100).toFixed(4));
const shareOf = (percent: number): number => Number((percent / 100).toFixed(6));

export const scheduleDraft = (schedule: Schedule): ScheduleDraft => ({
  startAt: localOf(schedule.startAt),
  endAt: localOf(schedule.endAt),
  atEnd: schedule.atEnd,
  units: schedule.stopWhen.units ?? '',
  halfWidth: schedule.stopWhen.halfWidth === null ? '' : percentOf(schedule.stopWhen.halfWidth),
  ramp: schedule.ramp.map((step, id) => ({
    id,
    traffic: percentOf(step.traffic),
    at: localOf(step.at),
    afterHours: step.afterMinutes === 0 ? '' : step.afterMinutes / 60,
    needs: step.needs,
  })),
});

export const newStep = (ramp: readonly StepDraft[]): StepDraft => ({
  id: Math.max(-1, ...ramp.map(({ id }) => id)) + 1,
  traffic: '',
  at: '',
  afterHours: 24,
  needs: 'guardrails',
});

/** Only what was changed, so that seconds that the form does not show are not cut off. */
export function schedulePatch(before: Schedule, draft: ScheduleDraft): Partial<Schedule> {
  const was = scheduleDraft(before);
  const goals = {
    units: draft.units === '' ? null : draft.units,
    halfWidth: draft.halfWidth === '' ? null : shareOf(draft.halfWidth),
  };
  return {
    ...(draft.startAt === was.startAt ? {} : { startAt: isoOf(draft.startAt) }),
    ...(draft.endAt === was.endAt ? {} : { endAt: isoOf(draft.endAt) }),
    ...(draft.atEnd === was.atEnd ? {} : { atEnd: draft.atEnd }),
    ...(draft.units === was.units && draft.halfWidth === was.halfWidth ? {} : { stopWhen: goals }),
    ...(JSON.stringify(draft.ramp) === JSON.stringify(was.ramp) ? {} : { ramp: draft.ramp.map(stepOf) }),
  };
}

const stepOf = ({ traffic, at, afterHours, needs }: StepDraft): RampStep => ({
  traffic: shareOf(traffic === '' ? 0 : traffic),
  at: isoOf(at),
  afterMinutes: afterHours === '' ? 0 : Math.round(afterHours * 60),
  needs,
});
