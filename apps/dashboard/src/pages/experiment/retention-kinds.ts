import type { Retention, RetentionKind, RetentionPoint } from '../../api/types.js';

interface KindText {
  /** In the selector. */
  label: string;
  title: string;
  /** What counts as retained. */
  means: string;
  axis: string;
  point: (day: number) => string;
  /** Days whose units stand in the table under the chart. */
  table: readonly number[];
  /** The last day of the rule, which has to be over. */
  matures: (day: number) => number;
}

const week = (day: number): string => `Week ${(day - 1) / 7 + 1}`;

export const KINDS: Record<RetentionKind, KindText> = {
  day: {
    label: 'By day',
    title: 'Retention curve',
    means: 'Active on exactly that calendar day (UTC) after first exposure.',
    axis: 'Days since first exposure',
    point: (day) => `Day ${day}`,
    table: [1, 3, 7, 14, 21, 28],
    matures: (day) => day,
  },
  rolling: {
    label: 'Rolling',
    title: 'Rolling retention',
    means: 'Active on that day or later, up to day 62; units that were in longer had more days to come back.',
    axis: 'Days since first exposure',
    point: (day) => `Day ${day} or later`,
    table: [1, 3, 7, 14, 21, 28],
    matures: (day) => day,
  },
  window: {
    label: 'By week',
    title: 'Weekly retention',
    means: 'Active on at least one day of that week after first exposure.',
    axis: 'Weeks since first exposure',
    point: week,
    table: [1, 8, 15, 22],
    matures: (day) => day + 6,
  },
};

/** Days of all points, ascending. */
export function daysOf(data: Retention): number[] {
  return [...new Set(data.arms.flatMap(({ points }) => points.map(({ day }) => day)))].sort((a, b) => a - b);
}

export function pointOf(
  { points }: Retention['arms'][number] | { points: RetentionPoint[] },
  day: number,
): RetentionPoint | undefined {
  return points.find((point) => point.day === day);
}

/** The part of the axis on which no arm has a matured unit; undefined where there is none. */
export function immature(data: Retention): { from: string; to: string; label: string } | undefined {
  const days = daysOf(data);
  const known = days.filter((day) => data.arms.some((arm) => (pointOf(arm, day)?.matured ?? 0) > 0));
  const last = days.at(-1);
  const from = known.at(-1) ?? days[0];
  if (last === undefined || from === undefined || known.at(-1) === last) return undefined;
  return { from: String(from), to: String(last), label: 'not yet mature' };
}
