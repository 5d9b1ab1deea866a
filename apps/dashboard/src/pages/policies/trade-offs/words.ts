import type {
  MeanWithInterval,
  ObjectiveName,
  TradeOffPoint,
  TradeOffSetting,
} from '../../../api/trade-offs.js';
import { decimal } from '../../../format/index.js';

export const OBJECTIVES = ['play', 'completion', 'returning', 'diversity'] as const satisfies ObjectiveName[];

export const OBJECTIVE: Record<ObjectiveName, { title: string; what: string }> = {
  play: { title: 'Play', what: 'NDCG of what members used later, in the first ten places' },
  completion: {
    title: 'Completion',
    what: 'share of uses that were completed, mean over the titles of a list',
  },
  returning: {
    title: 'Return',
    what: 'share of uses after which the member came back, mean over the titles of a list',
  },
  diversity: { title: 'Diversity', what: 'mean distance between the titles of a list' },
};

const NAMES: Record<string, string> = {
  completionRate: 'completion',
  returnRate: 'return',
  diversity: 'diversity',
};
/** A weight as somebody would write it. */
const weightText = (value: number): string => String(Number(value.toFixed(3)));
const nameOf = (key: string): string => NAMES[key] ?? key;

/** A setting in words: what is weighed beside relevance, and what is bound. */
export function settingText({
  relevance = 1,
  diversity = 0,
  objectives = {},
  atLeast = {},
}: TradeOffSetting): string {
  const weights = [
    ...Object.entries(objectives).map(([name, weight]) => [nameOf(name), weight] as const),
    ['diversity', diversity] as const,
  ].filter(([, weight]) => weight !== 0);
  const bounds = Object.entries(atLeast).map(
    ([name, least]) => `${nameOf(name)} at least ${weightText(least)}`,
  );
  const base = relevance === 1 ? 'relevance' : `${weightText(relevance)} × relevance`;
  if (weights.length === 0 && bounds.length === 0) return `${base} alone`;
  const sum = [base, ...weights.map(([name, weight]) => `${weightText(weight)} × ${name}`)].join(' + ');
  return [sum, ...bounds].join(', ');
}

export const figure = (value: number): string => decimal(value, 4);

export const withSpread = ({ estimate, upper }: MeanWithInterval): string =>
  `${figure(estimate)} ± ${figure(upper - estimate)}`;

/** A change with its sign as a glyph, and whether its interval leaves out 0. */
export function changeText({ estimate, lower, upper }: MeanWithInterval): string {
  if (estimate === 0 && lower === 0 && upper === 0) return 'the same';
  const sign = lower > 0 ? '▲' : upper < 0 ? '▼' : '●';
  return `${sign} ${estimate < 0 ? '−' : '+'}${figure(Math.abs(estimate))}`;
}

/** Places of the points that no other one beats in both objectives. */
export function frontOf(points: readonly TradeOffPoint[], x: ObjectiveName, y: ObjectiveName): Set<number> {
  const at = (place: number, name: ObjectiveName): number => points[place]?.objectives[name].estimate ?? 0;
  const beaten = (place: number): boolean =>
    points.some((_, other) => {
      const [dx, dy] = [at(other, x) - at(place, x), at(other, y) - at(place, y)];
      return dx >= 0 && dy >= 0 && (dx > 0 || dy > 0);
    });
  return new Set(points.map((_, place) => place).filter((place) => !beaten(place)));
}
