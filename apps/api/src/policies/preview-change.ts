import type { Json } from '#experiments';
import { policyRegistry } from '#policies';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import type { FieldError } from '../http/problem.js';
import { gateChange } from '../off-policy/traffic-gate.js';
import { canonicalJson } from '../persistence/canonical.js';
import type { Database, Sql } from '../persistence/database.js';
import { applyPatch } from './patch-policy.js';
import { lockPolicy, policyRowOf } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import type { PatchPolicy } from './policy.schemas.js';

/** One field, or one parameter, that a patch changes. */
export interface FieldChange {
  /** JSON pointer below the policy, e.g. `/params/halfLifeDays`. */
  readonly pointer: string;
  /** Null: was not, or will not be, there. */
  readonly before: Json;
  readonly after: Json;
  /** What it does, in a sentence or two. */
  readonly prose: string;
}

export interface ChangePreview {
  /** What the preview is of; send it as If-Match with the PATCH. */
  readonly revision: number;
  readonly changes: readonly FieldChange[];
  /**
   * What becomes of what was learned. `kept`: goes on from it. `relearned`: all rewards make a new version, and the one that
   * serves stays until then. `at-training`: the next training run uses the change. `nothing`: it learns nothing.
   */
  readonly learned: 'kept' | 'relearned' | 'at-training' | 'nothing';
  readonly rewardVersion: { readonly before: number; readonly after: number };
  /** Whether the off-policy gate has to say yes to it (again), and why it does not. */
  readonly gate: {
    readonly required: boolean;
    readonly open: boolean;
    readonly prose: string | null;
    readonly clauses: readonly FieldError[];
  };
}

const NO_GATE: ChangePreview['gate'] = { required: false, open: true, prose: null, clauses: [] };

/** Carries the finding out of a transaction that is taken back. */
class TakenBack extends Error {
  constructor(readonly preview: ChangePreview) {
    super('previewed');
  }
}

/**
 * What a patch would do: it is applied with all its checks, looked at, and taken back.
 * @throws Problem 400 as the PATCH would, 404 where there is no policy, 412 when If-Match names another revision.
 */
export async function previewChange(
  db: Database,
  id: string,
  body: PatchPolicy,
  acting: Acting,
): Promise<ChangePreview> {
  try {
    return await db.transaction(async (tx) => {
      const before = await lockPolicy(tx, id, true);
      if (!before) throw Problem.notFound('The policy', id);
      requireMatch(acting.ifMatch, before.revision, false);
      const { overrideGate: _later, ...patch } = body;
      let gate: ChangePreview['gate'] = NO_GATE;
      await applyPatch(tx, before, patch, acting, async (sql, row, fields, pass) => {
        gate = await askGate(sql, (watched) => gateChange(watched, row, fields, pass));
      });
      const after = await policyRowOf(tx, id);
      throw new TakenBack({
        revision: before.revision,
        changes: fieldChanges(before, after),
        learned: learnedAfter(before, after),
        rewardVersion: { before: before.reward_version, after: after.reward_version },
        gate,
      });
    });
  } catch (error) {
    if (error instanceof TakenBack) return error.preview;
    throw error;
  }
}

/** The gate's answer. Where the change does not need a yes, it looks nothing up. */
async function askGate(sql: Sql, ask: (watched: Sql) => Promise<void>): Promise<ChangePreview['gate']> {
  let required = false;
  const watched: Sql = {
    query: (text, values) => {
      required = true;
      return sql.query(text, values);
    },
  };
  try {
    await ask(watched);
    return { ...NO_GATE, required };
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'gate_closed') throw error;
    return { required: true, open: false, prose: error.detail, clauses: error.errors };
  }
}

const learnsHow = (row: PolicyRow): 'online' | 'batch' | 'never' =>
  policyRegistry.find(row.key)?.learns ?? 'never';

const same = (a: unknown, b: unknown): boolean =>
  canonicalJson((a ?? null) as Json) === canonicalJson((b ?? null) as Json);

/** Wrappers keep nothing of what a training run makes; elsewhere they are part of what was learned. */
function ownParams({ params }: PolicyRow): Json {
  const { wrappers: _wrappers, ...own } = params;
  return own;
}

function learnedAfter(before: PolicyRow, after: PolicyRow): ChangePreview['learned'] {
  const learns = learnsHow(before);
  if (learns === 'never') return 'nothing';
  if (learns === 'online') return same(before.params, after.params) ? 'kept' : 'relearned';
  return same(ownParams(before), ownParams(after)) ? 'kept' : 'at-training';
}

/** What each field does when it changes, given both rows. */
const EFFECTS: readonly (readonly [
  keyof PolicyRow,
  string,
  (before: PolicyRow, after: PolicyRow) => string,
])[] = [
  ['title', '/title', () => 'A name for people. Nothing else changes.'],
  ['exploration', '/exploration', () => 'Decides from the next decision on. What was learned is kept.'],
  [
    'floor',
    '/floor',
    () =>
      'Holds from the next decision on. What was learned is kept. Propensities on record stay as they were.',
  ],
  ['reward', '/reward', rewardProse],
  ['window_seconds', '/windowSeconds', rewardProse],
  ['grace_seconds', '/graceSeconds', () => 'Holds for windows that have not closed yet.'],
  [
    'learning',
    '/learning',
    (_before, { learning }) =>
      learning
        ? 'It learns again, beginning with the rewards that waited.'
        : 'The serving snapshot stays as it is. Rewards go on being settled, and wait.',
  ],
  [
    'shadow',
    '/shadow',
    (_before, { shadow }) =>
      shadow === null
        ? 'It is no longer asked. What it answered is kept with the decisions.'
        : 'It is asked about every decision from now on. Nothing of it is served.',
  ],
  ['withhold', '/withhold', withholdProse],
  [
    'gate_required',
    '/gateRequired',
    (_before, row) =>
      row.gate_required
        ? 'From now on nothing new serves before the off-policy gate has said yes. What serves goes on.'
        : 'Anything may serve without evidence.',
  ],
  ['training', '/training', () => 'Holds for the training runs that begin from now on.'],
];

function fieldChanges(before: PolicyRow, after: PolicyRow): FieldChange[] {
  return [
    ...paramChanges(before, after),
    ...EFFECTS.filter(([column]) => !same(before[column], after[column])).map(
      ([column, pointer, prose]): FieldChange => ({
        pointer,
        before: (before[column] ?? null) as Json,
        after: (after[column] ?? null) as Json,
        prose: prose(before, after),
      }),
    ),
  ];
}

function paramChanges(before: PolicyRow, after: PolicyRow): FieldChange[] {
  const names = [...new Set([...Object.keys(before.params), ...Object.keys(after.params)])].sort();
  return names
    .filter((name) => !same(before.params[name], after.params[name]))
    .map((name) => ({
      pointer: `/params/${name}`,
      before: before.params[name] ?? null,
      after: after.params[name] ?? null,
      prose: paramProse(name, after),
    }));
}

function paramProse(name: string, after: PolicyRow): string {
  const learns = learnsHow(after);
  if (learns === 'never' || (learns === 'batch' && name === 'wrappers'))
    return 'Decides from the next decision on.';
  if (learns === 'batch')
    return 'The next training run uses it. The snapshot that serves goes on with the parameters it was trained with.';
  const when = after.learning ? 'within seconds' : 'once learning is resumed';
  return `All rewards on record are learned again, as one new version, ${when}. Until then what serves goes on as it is.`;
}

function rewardProse(before: PolicyRow, after: PolicyRow): string {
  const kept =
    after.reward_version === before.reward_version
      ? ''
      : ` It is version ${after.reward_version} of the definition.`;
  return `Rewards that are settled from now on are counted so.${kept} Those on record keep theirs, and what was learned stays; “Learn again” settles them again.`;
}

function withholdProse(_before: PolicyRow, { withhold }: PolicyRow): string {
  if (withhold === null)
    return 'Everything that is chosen is shown again. Lots on record are kept, and so is their report.';
  return `From the next decision on, ${Number((100 * withhold.share).toFixed(2))} % of what is chosen is not shown, by lot.`;
}
