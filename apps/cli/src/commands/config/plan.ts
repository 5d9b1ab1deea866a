import { z } from 'zod';
import type { ApiClient } from '../../demo/api-client.js';
import { placeOf } from './files.js';
import type { ReadFiles } from './files.js';

const allocationSchema = z.object({
  share: z.number(),
  arms: z.array(z.object({ key: z.string(), share: z.number() })),
});
const trafficSchema = z.object({
  before: allocationSchema.nullable(),
  after: allocationSchema,
  moves: z.object({ stay: z.number(), moved: z.number(), left: z.number(), joined: z.number() }).nullable(),
  units: z.object({ inIt: z.number(), touched: z.number().nullable() }),
});

export const itemSchema = z.object({
  kind: z.string(),
  key: z.string(),
  action: z.enum(['create', 'change', 'none', 'refused', 'release']),
  state: z.string().nullable(),
  changes: z.array(z.object({ pointer: z.string(), before: z.unknown(), after: z.unknown() })),
  effect: z.array(z.string()),
  traffic: trafficSchema.nullable(),
  locks: z.boolean(),
  refused: z.array(z.object({ pointer: z.string(), code: z.string(), message: z.string() })),
});
export type PlannedItem = z.output<typeof itemSchema>;

export const planSchema = z.object({
  summary: z.record(z.string(), z.number()),
  possible: z.boolean(),
  items: z.array(itemSchema),
});
export type Plan = z.output<typeof planSchema>;

/** Body of a plan, and of an apply but for the states. */
export interface Request {
  readonly config: unknown;
  readonly source: unknown;
  readonly existing: 'move' | 'keep';
  readonly prune: boolean;
  readonly takeOver: boolean;
}

/** Transactions over a thousand things take longer than other requests. */
const PATIENCE_MS = 600_000;

export const askPlan = async (client: ApiClient, request: Request): Promise<Plan> =>
  planSchema.parse(await client.call('POST', '/v1/config/plan', request, undefined, PATIENCE_MS));

/** @throws Refused when something has changed since the plan, or something is refused. */
export const applyPlan = async (
  client: ApiClient,
  request: Request,
  states: Readonly<Record<string, string | null>>,
  overrideGate?: string,
): Promise<Plan> =>
  planSchema.parse(
    await client.call(
      'POST',
      '/v1/config/apply',
      { ...request, states, ...(overrideGate === undefined ? {} : { overrideGate }) },
      undefined,
      PATIENCE_MS,
    ),
  );

export const statesOf = ({ items }: Plan): Record<string, string | null> =>
  Object.fromEntries(
    items
      .filter(({ action }) => action !== 'release')
      .map(({ kind, key, state }) => [`${kind}/${key}`, state]),
  );

/** Something would be written. */
export const changesAnything = ({ items }: Plan): boolean =>
  items.some(({ action, locks }) => action !== 'none' || locks);

const SIGNS = { create: '+', change: '~', none: '=', refused: '!', release: '-' } as const;
const LONGEST = 160;

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
const shortened = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
};

type Allocation = z.output<typeof allocationSchema>;
const allocationText = ({ share, arms }: Allocation): string =>
  `${percent(share)} of units: ${arms.map((arm) => `${arm.key} ${percent(arm.share)}`).join(', ') || 'no arms'}`;

function trafficLines({ before, after, moves, units }: NonNullable<PlannedItem['traffic']>): string[] {
  if (before === null) return [`once started: ${allocationText(after)}`];
  const shares =
    JSON.stringify(before) === JSON.stringify(after)
      ? [`traffic stays: ${allocationText(after)}`]
      : [`traffic before: ${allocationText(before)}`, `traffic after:  ${allocationText(after)}`];
  const touched = units.touched === null ? 'some' : `about ${units.touched}`;
  const moved = moves
    ? [
        `of its ${units.inIt} units ${touched} touched: ${percent(moves.moved)} change arm, ${percent(moves.left)} fall out, ${percent(moves.joined)} as many may join`,
      ]
    : [`it has ${units.inIt} units; whom the new targeting meets depends on what requests carry`];
  return [...shares, ...moved];
}

function itemLines(item: PlannedItem, files: ReadFiles): string[] {
  const told = [
    ...(item.action === 'create'
      ? []
      : item.changes.map(
          ({ pointer, before, after }) => `${pointer}: ${shortened(before)} -> ${shortened(after)}`,
        )),
    ...item.effect,
    ...(item.traffic ? trafficLines(item.traffic) : []),
    ...(item.locks ? ['locked: changed by these files only from now on'] : []),
    ...item.refused.map(({ pointer, message }) => `${placeOf(pointer, files)}: ${message}`),
  ];
  return [`${SIGNS[item.action]} ${item.kind} ${item.key}`, ...told.map((line) => `    ${line}`)];
}

/** A plan for people. What stays as it is, is counted only. */
export function describePlan(plan: Plan, files: ReadFiles): string {
  const shown = plan.items.filter(({ action, locks }) => action !== 'none' || locks);
  const { create = 0, change = 0, none = 0, refused = 0, release = 0 } = plan.summary;
  const counts = `${create} to create, ${change} to change, ${none} as they are${release ? `, ${release} to release` : ''}${refused ? `, ${refused} refused` : ''}`;
  const lines = shown.flatMap((item) => itemLines(item, files));
  return `${[...lines, ...(lines.length > 0 ? [''] : []), counts].join('\n')}\n`;
}
