import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { ApiClient, Refused } from '../demo/api-client.js';
import { resolveConnection } from '../demo/connection.js';
import type { ConnectionOptions } from '../demo/connection.js';
import { alignedColumns } from './aligned.js';
import { applyPlan, askPlan, statesOf } from './config/plan.js';
import { connected } from './connected.js';

/** The API knows what a definition has to be; here only its key is needed. */
const definitionSchema = z.looseObject({ key: z.string().min(1) });
type Definition = z.output<typeof definitionSchema>;

const fileSchema = z.union([
  z.strictObject({ metrics: z.array(definitionSchema).min(1) }).transform(({ metrics }) => metrics),
  z.array(definitionSchema).min(1),
  definitionSchema.transform((one) => [one]),
]);

const listSchema = z.object({
  items: z.array(
    z.looseObject({
      key: z.string(),
      title: z.string(),
      kind: z.string(),
      betterWhen: z.string(),
      family: z.string(),
      origin: z.string(),
      version: z.number(),
      archived: z.boolean(),
    }),
  ),
});
type Listed = z.output<typeof listSchema>['items'][number];

export interface Applied {
  readonly key: string;
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly version: number;
}

/** @throws Error with one sentence when the file holds no definitions. */
export function readDefinitions(file: string): Definition[] {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
  const parsed = fileSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new Error(`${file}: expected a metric, a list of metrics, or {"metrics": [...]}; each has a "key"`);
}

/**
 * Brings an installation to the definitions of a file: new ones are created, changed ones get a new version, equal ones stay
 * as they are; all of them or none. Nothing is removed, and nothing is locked against changes by hand.
 * @throws Error naming the metric and what the API finds wrong.
 */
export async function applyMetrics(
  client: ApiClient,
  definitions: readonly Definition[],
): Promise<Applied[]> {
  const request = {
    config: { metrics: definitions },
    source: null,
    existing: 'move',
    prune: false,
    takeOver: false,
  } as const;
  const plan = await askPlan(client, request).catch((error: unknown) => {
    throw error instanceof Refused ? named(definitions, error.errors, error) : error;
  });
  const faults = plan.items.flatMap(({ refused }) => refused);
  if (faults.length > 0) throw named(definitions, faults);
  const { items } = await applyPlan(client, request, statesOf(plan));
  const { items: listed } = listSchema.parse(await client.call('GET', '/v1/metrics'));
  return items.map(({ key, action }) => ({
    key,
    outcome: OUTCOMES[action],
    version: listed.find((metric) => metric.key === key)?.version ?? 1,
  }));
}

const IN_METRIC = /^(?:\/config)?\/metrics\/(\d+)(.*)$/;

/** The first metric that is refused, with everything that is wrong with it; the error itself where none is named. */
function named(
  definitions: readonly Definition[],
  faults: Refused['errors'],
  error: Error = new Error('Refused'),
): Error {
  const placed = faults.flatMap(({ pointer, message }) => {
    const [, index, field = ''] = IN_METRIC.exec(pointer) ?? [];
    return index === undefined
      ? []
      : [{ index: Number(index), text: field === '' ? message : `${field}: ${message}` }];
  });
  const first = placed[0]?.index;
  const key = first === undefined ? undefined : definitions[first]?.key;
  if (key === undefined) return error;
  const texts = placed.filter(({ index }) => index === first).map(({ text }) => text);
  return new Error(`${key}: ${texts.join('; ')}`, { cause: error });
}

const OUTCOMES = {
  create: 'created',
  change: 'changed',
  none: 'unchanged',
  refused: 'unchanged',
  release: 'unchanged',
} as const;

/** Aligned columns: key, kind, direction, family, version and where it comes from. */
export function describeMetrics(items: readonly Listed[]): string {
  const rows = [
    ['key', 'kind', 'better when', 'family', 'version', 'origin', 'title'],
    ...items.map((item) => [
      item.key,
      item.kind,
      item.betterWhen,
      item.family,
      String(item.version),
      item.archived ? `${item.origin}, archived` : item.origin,
      item.title,
    ]),
  ];
  return alignedColumns(rows, new Set());
}

type Flags = ConnectionOptions & { readonly json?: boolean; readonly archived?: boolean };

/** `marquee metrics apply FILE` and `marquee metrics list`. */
export function registerMetrics(program: Command): void {
  const metrics = program.command('metrics').description('metrics of a running installation');
  connected(
    metrics
      .command('apply')
      .description('create or change the metrics of a file; every change is a new version')
      .argument('<file>', 'JSON: a definition, a list of them, or {"metrics": [...]}'),
  ).action(async (file: string, flags: Flags) => {
    const applied = await applyMetrics(new ApiClient(resolveConnection(flags)), readDefinitions(file));
    const lines = applied.map(({ key, outcome, version }) => `${key}: ${outcome}, version ${version}\n`);
    process.stdout.write(flags.json ? `${JSON.stringify(applied)}\n` : lines.join(''));
  });
  connected(
    metrics
      .command('list')
      .description('the metrics that experiments can use')
      .option('--archived', 'archived ones too'),
  ).action(async (flags: Flags) => {
    const path = `/v1/metrics${flags.archived ? '?archived=true' : ''}`;
    const { items } = listSchema.parse(await new ApiClient(resolveConnection(flags)).call('GET', path));
    process.stdout.write(flags.json ? `${JSON.stringify(items)}\n` : describeMetrics(items));
  });
}
