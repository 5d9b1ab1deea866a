import http from 'node:http';
import type { Condition, Json } from '#experiments';
import type { Database } from '../persistence/database.js';

const arms = (...values: readonly Json[]): string =>
  JSON.stringify(
    values.map((value, i) => ({
      key: `arm${i}`,
      title: `Arm ${i}`,
      weight: i + 1,
      isControl: i === 0,
      treatment: { kind: 'value', value },
    })),
  );
const byPolicy = JSON.stringify([
  {
    key: 'bandit',
    title: 'Bandit',
    weight: 1,
    isControl: false,
    treatment: { kind: 'policy', policyId: 'ts', steadyFor: 'decision' },
  },
]);

interface Row {
  readonly key: string;
  readonly surface: string;
  readonly arms: string;
  readonly status?: string;
  readonly unitType?: string;
  readonly clusterBy?: string;
  readonly layer?: string;
  readonly range?: readonly [number, number];
  readonly otherLayers?: Json;
  readonly tags?: readonly string[];
  readonly traffic?: number;
  readonly targeting?: Condition;
  readonly shippedArm?: string;
  readonly prerequisites?: Json;
}

const a = (attribute: string, op: string, value?: Json): Condition =>
  ({ attribute, op, ...(value === undefined ? {} : { value }) }) as Condition;

/** On every way through the engine that an SDK can go by itself, several of them one behind another. */
const EXPERIMENTS: readonly Row[] = [
  {
    key: 'text-eu',
    surface: 'text',
    arms: arms('one', 'two', 'three'),
    layer: 'home',
    range: [0, 0.6],
    traffic: 0.7,
    tags: ['growth'],
    targeting: {
      all: [
        a('country', 'in', ['FR', 'DE']),
        { not: a('plan', 'startsWith', 'basic.') },
        { segment: 'adults' },
      ],
    },
  },
  {
    key: 'text-rest',
    surface: 'text',
    arms: arms('four', 'five'),
    layer: 'home',
    range: [0.6, 1],
    targeting: {
      any: [
        a('app', 'versionGte', '2.10.0'),
        a('genres', 'hasAll', ['sci-fi', 'drama']),
        a('plan', 'contains', 'plus'),
        a('genres', 'elemMatch', { op: 'contains', value: 'fi' }),
        a('country', 'notExists'),
      ],
    },
  },
  {
    key: 'number-device',
    surface: 'number',
    arms: arms(2, 3),
    unitType: 'device',
    otherLayers: [{ layer: 'home', range: [0.2, 0.9] }],
    traffic: 0.5,
  },
  {
    key: 'object-paused',
    surface: 'object',
    arms: arms({ rows: 1 }, { rows: 2 }),
    status: 'paused',
    targeting: a('plan', 'matches', '^(plus|basic\\.[a-z]+)$'),
  },
  {
    key: 'object-shipped',
    tags: ['growth', 'rows'],
    surface: 'object',
    arms: arms({ rows: 3 }, { rows: 4 }),
    status: 'shipped',
    shippedArm: 'arm1',
    targeting: a('age', 'lt', 40),
  },
  {
    key: 'bool-home',
    surface: 'bool',
    arms: arms(true, false),
    clusterBy: 'household',
    targeting: a('$unit', 'ne', 'u7'),
  },
  {
    key: 'promo',
    tags: ['rows'],
    surface: 'promo',
    arms: arms('a', 'b'),
    prerequisites: [{ experiment: 'text-eu', arms: ['arm1', 'arm2'] }],
  },
  { key: 'artwork', surface: 'art', arms: byPolicy },
];

const INSERT = `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, phase, salt,
    unit_type, cluster_by, targeting, shipped_arm, prerequisites, created_at, other_layers, tags)
  values ($1, $1, $2, $3, $4, $5, $6, $7, $8, 1, $1, $9, $10, $11, $12, $13, now() + make_interval(secs => $14), $15, $16)`;

const DEFAULTS = {
  status: 'running',
  layer: 'main',
  range: [0, 1],
  traffic: 1,
  unitType: 'member',
  clusterBy: null,
  targeting: null,
  shippedArm: null,
  prerequisites: [],
  otherLayers: [],
  tags: [],
} as const;

function rowOf(given: Row, i: number): unknown[] {
  const one = { ...DEFAULTS, ...given };
  return [
    one.key,
    one.surface,
    one.status,
    one.layer,
    ...one.range,
    one.traffic,
    one.arms,
    one.unitType,
    one.clusterBy,
    one.targeting ? JSON.stringify(one.targeting) : null,
    one.shippedArm,
    JSON.stringify(one.prerequisites),
    i,
    JSON.stringify(one.otherLayers),
    one.tags,
  ];
}

/** Surfaces, experiments and what they name, for clients of others. */
export async function seedClientsWorld(database: Pick<Database, 'query'>): Promise<void> {
  const sql = (text: string, values: readonly unknown[] = []): Promise<unknown> =>
    database.query(text, values);
  await sql(`insert into surface (key, title, kind, default_value, candidate_kind) values
    ('text', 'Text', 'value', '"plain"', null), ('number', 'Number', 'value', '1', null),
    ('bool', 'Switch', 'value', 'false', null), ('object', 'Object', 'value', '{"rows": 0}', null),
    ('promo', 'Promotion', 'value', '"none"', null), ('nothing', 'Nothing', 'value', 'null', null),
    ('art', 'Artwork', 'action', 'null', 'artwork'), ('rows', 'Rows', 'slate', 'null', 'row')`);
  await sql(`insert into item (id, kind, subject, title, position) values ('a1', 'artwork', null, 'A', 0),
    ('a2', 'artwork', null, 'B', 1), ('a3', 'artwork', null, 'C', 2), ('r1', 'row', null, 'R', 0), ('r2', 'row', null, 'S', 1)`);
  await sql(
    `insert into layer (key, title, salt) values ('main', 'Main', 'layer:main'), ('home', 'Home', 'layer:home')`,
  );
  const spared = JSON.stringify(a('$unit', 'startsWith', 'u99'));
  await sql(
    `insert into holdout (key, title, salt, share, surfaces, unit_type, enabled, tags, except_when, created_at) values
      ('growth', 'Growth', 'holdout:growth', 0.3, null, 'device', true, '{growth}', null, now()),
      ('rows', 'Rows', 'holdout:rows', 0.4, null, 'member', true, '{rows}', null, now() + interval '1 s'),
      ('q4', 'Quarter', 'holdout:q4', 0.1, null, 'member', true, null, $1, now() + interval '2 s')`,
    [spared],
  );
  await sql(`insert into policy (id, key, title, exploration, reward) values ('ts', 'thompson-beta', 'Thompson',
    '{"key":"greedy"}', '{"outcomes":[{"name":"play","value":"one"}],"combine":"max"}')`);
  await sql(`insert into segment (key, title) values ('adults', 'Adults')`);
  await sql(
    `insert into segment_version (segment, version, condition, actor) values ('adults', 1, $1, 'test')`,
    [JSON.stringify(a('age', 'gte', 18))],
  );
  for (const [i, one] of EXPERIMENTS.entries()) await sql(INSERT, rowOf(one, i));
}

/** What is known of a unit, of every type that a context may hold, missing values too. */
export function attributesOf(i: number): Record<string, Json> {
  const pick = (step: number, ...of: readonly (Json | undefined)[]): Json | undefined =>
    of[Math.floor(i / step) % of.length];
  const given = {
    country: pick(1, 'FR', 'DE', 'US', undefined),
    age: pick(3, 15, 18, 39, 40, '35', null),
    plan: pick(2, 'plus', 'basic.a', 'basic-b', 7, undefined),
    app: pick(5, '2.9.9', '2.10.0', 'v3.0.0-rc.1', '', undefined),
    genres: pick(7, ['sci-fi', 'drama'], ['drama'], [], 'sci-fi', undefined),
    deviceId: pick(1, `d${i % 5000}`, `d${i}`, undefined),
    householdId: pick(4, `h${Math.floor(i / 8)}`, undefined, `h${i}`),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Record<
    string,
    Json
  >;
}

const CONNECTIONS = 16;

/**
 * Posts each body in a request of its own, over connections that are kept: fetch would take longer than what is asked.
 * @returns the answers in the bodies' order.
 * @throws Error when one is not 200.
 */
export async function postAll(url: string, key: string, bodies: readonly string[]): Promise<string[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answers: string[] = [];
  const post = (body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const length = Buffer.byteLength(body);
      const request = http.request(
        url,
        { method: 'POST', agent, headers: { ...headers, 'content-length': length } },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => (text += part));
          response.on('end', () =>
            response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
          );
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < bodies.length) {
      const i = next++;
      answers[i] = await post(bodies[i] as string);
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
  } finally {
    agent.destroy();
  }
  return answers;
}
