import type { Json } from '#experiments';
import { placeOf, readManaged, refuseManaged } from '../access/managed.js';
import type { ManagedPart, ManagedResource } from '../access/managed.js';
import { Problem, problemFrom } from '../http/problem.js';
import type { FieldError } from '../http/problem.js';
import { canonicalJson, sha256 } from '../persistence/canonical.js';
import type { ConfigFile, PlanConfig } from './config-files.schemas.js';
import { CONFIG_KINDS } from './kinds/index.js';
import { differingFields } from './kinds/kind.js';
import type { ConfigKind, Effect, Run, Spec, Stored } from './kinds/kind.js';
import { keepManaged, managedBy, releaseManaged } from './managed-store.js';
import type { FieldDifference, PlannedItem } from './plan.js';

type Given = Pick<PlanConfig, 'config' | 'source' | 'prune' | 'takeOver'>;
interface Wanted {
  readonly key: string;
  readonly spec: Spec;
  readonly pointer: string;
}

/** Short, and different for whatever a plan depends on. */
const stateOf = (stored: Stored | undefined): string | null =>
  stored
    ? sha256(canonicalJson({ spec: stored.spec, state: stored.state } as unknown as Json)).slice(0, 24)
    : null;

function wantedOf(kind: ConfigKind, config: ConfigFile): Wanted[] {
  const specs = (config as unknown as Readonly<Record<string, readonly Spec[]>>)[kind.list] ?? [];
  const all = specs.map((spec, i) => ({ key: kind.keyOf(spec), spec, pointer: `/${kind.list}/${i}` }));
  const seen = new Set<string>();
  for (const { key, pointer } of all) {
    if (seen.has(key)) throw Problem.invalid(`/config${pointer}`, 'duplicate_key', `"${key}" is there twice`);
    seen.add(key);
  }
  return inOrder(kind, all);
}

/** What others need goes first; a circle stays as it is and is refused by the kind itself. */
function inOrder(kind: ConfigKind, all: readonly Wanted[]): Wanted[] {
  const byKey = new Map(all.map((one) => [one.key, one]));
  const done = new Set<string>();
  const order: Wanted[] = [];
  const visit = (one: Wanted): void => {
    if (done.has(one.key)) return;
    done.add(one.key);
    for (const key of kind.needs?.(one.spec) ?? []) {
      const needed = byKey.get(key);
      if (needed) visit(needed);
    }
    order.push(one);
  };
  all.forEach(visit);
  return order;
}

/**
 * Does everything that the files ask for, each thing in a savepoint of its own, so that all that is refused is told at once.
 * The caller decides whether the transaction stays.
 */
export async function runFiles(run: Run, given: Given): Promise<PlannedItem[]> {
  await run.tx.query(`select pg_advisory_xact_lock(hashtext('marquee.config-files'))`);
  const items: PlannedItem[] = [];
  const managed = new Map((await readManaged(run.tx)).map((one) => [`${one.kind}/${one.key}`, one]));
  for (const kind of CONFIG_KINDS) {
    const wanted = wantedOf(kind, given.config);
    if (wanted.length === 0) continue;
    const found = await kind.read(
      run,
      wanted.map(({ key }) => key),
    );
    const stored = new Map(found.map((one) => [one.key, one]));
    for (const one of wanted) {
      const subject = {
        kind,
        one,
        stored: stored.get(one.key),
        managed: managed.get(`${kind.kind}/${one.key}`),
      };
      items.push(await runItem(run, given, subject));
    }
  }
  return given.prune && given.source ? [...items, ...(await prune(run, given, items))] : items;
}

interface Subject {
  readonly kind: ConfigKind;
  readonly one: Wanted;
  readonly stored: Stored | undefined;
  readonly managed: ManagedResource | undefined;
}

async function runItem(run: Run, given: Given, subject: Subject): Promise<PlannedItem> {
  const { kind, one, stored } = subject;
  const about = { kind: kind.kind, key: one.key, pointer: one.pointer, state: stateOf(stored) };
  try {
    return { ...about, ...(await run.db.transaction((tx) => writeItem({ ...run, tx }, given, subject))) };
  } catch (error) {
    const problem = problemFrom(error);
    if (problem.status >= 500) throw error;
    const nothing = { changes: [], effect: [], traffic: null, locks: false };
    return { ...about, ...nothing, action: 'refused', refused: refusedBy(one, problem) };
  }
}

async function writeItem(
  run: Run,
  given: Given,
  { kind, one, stored, managed }: Subject,
): Promise<Omit<PlannedItem, 'kind' | 'key' | 'pointer' | 'state'>> {
  const spec = askedFor(kind, one.spec, stored);
  const { before, fields, action } = difference(stored, spec);
  if (action !== 'none' || given.source) await refuseOthers(run, given, kind, one, managed);
  const { prose, traffic = null } = await write(run, kind, spec, stored, fields);
  return {
    action,
    changes: fields.flatMap((field) => differencesOf(kind, field, before, spec)),
    effect: [...prose, ...notesOf(kind, one.spec, stored)],
    traffic,
    locks: await lockItem(run, given, kind, one),
    refused: [],
  };
}

function askedFor(kind: ConfigKind, wanted: Spec, stored: Stored | undefined): Spec {
  const settled = kind.settle?.(wanted, stored?.spec ?? null) ?? wanted;
  return (stored && kind.held?.(settled, stored)) ?? settled;
}

const notesOf = (kind: ConfigKind, wanted: Spec, stored: Stored | undefined): readonly string[] =>
  (stored && kind.notes?.(wanted, stored)) ?? [];

function difference(stored: Stored | undefined, spec: Spec) {
  if (!stored) return { before: {}, fields: [], action: 'create' } as const;
  const fields = differingFields(stored.spec, spec);
  return { before: stored.spec, fields, action: fields.length > 0 ? 'change' : 'none' } as const;
}

async function lockItem(
  { tx, acting }: Run,
  { source }: Given,
  kind: ConfigKind,
  { key, spec }: Wanted,
): Promise<boolean> {
  if (source === null) return false;
  // What a file leaves out stays with people.
  const parts = Object.keys(kind.parts ?? {}).filter((part) => spec[part] !== undefined) as ManagedPart[];
  return keepManaged(tx, kind.kind, key, managedBy(source, kind.kind, key, parts), acting.actor);
}

function write(
  run: Run,
  kind: ConfigKind,
  spec: Spec,
  stored: Stored | undefined,
  fields: readonly string[],
): Promise<Effect> {
  // What the files themselves ask for is not held up by their own lock.
  const asFiles: Run = { ...run, acting: { ...run.acting, fromFiles: true } };
  if (!stored) return kind.create(asFiles, spec);
  return fields.length > 0 ? kind.change(asFiles, stored, spec, fields) : Promise.resolve({ prose: [] });
}

/** Of a field; of a part, which holds many things, each that differs. */
function differencesOf(kind: ConfigKind, field: string, before: Spec, after: Spec): FieldDifference[] {
  const [was, is] = [before[field] ?? null, after[field] ?? null];
  if (!isPart(kind, field) || !isObject(was) || !isObject(is))
    return [{ pointer: `/${field}`, before: was, after: is }];
  return differingFields(was, is).map((name) => ({
    pointer: `/${field}/${name}`,
    before: was[name] ?? null,
    after: is[name] ?? null,
  }));
}

const isPart = (kind: ConfigKind, field: string): field is ManagedPart =>
  Object.hasOwn(kind.parts ?? {}, field);
const isObject = (value: unknown): value is Spec =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws Problem 409 where other files say how it is, or files do and this run has no source. */
async function refuseOthers(
  { tx, acting }: Run,
  { source, takeOver }: Given,
  { kind }: ConfigKind,
  { key }: Wanted,
  managed: ManagedResource | undefined,
): Promise<void> {
  if (source === null) return refuseManaged(tx, acting, kind, key);
  if (!managed || takeOver || managed.repository === source.repository) return;
  throw Problem.conflict(
    'managed_elsewhere',
    `it is managed from ${placeOf(managed)}; take it out there, or take it over`,
  );
}

/** The faults, with pointers into the files. */
function refusedBy({ key, pointer }: Wanted, { code, detail, errors }: Problem): FieldError[] {
  if (errors.length === 0) return [{ pointer, code, message: detail }];
  return errors.map((error) => ({
    ...error,
    pointer: `${pointer}${error.pointer === '/' ? '' : error.pointer}`,
    message: error.message || `"${key}" is refused`,
  }));
}

async function prune({ tx }: Run, { source }: Given, items: readonly PlannedItem[]): Promise<PlannedItem[]> {
  const kept = new Set(items.map(({ kind, key }) => `${kind}/${key}`));
  const gone = (await readManaged(tx)).filter(
    ({ kind, key, repository }) => repository === (source?.repository ?? null) && !kept.has(`${kind}/${key}`),
  );
  const released: PlannedItem[] = [];
  for (const { kind, key } of gone) {
    await releaseManaged(tx, kind, key);
    released.push({
      kind,
      key,
      pointer: null,
      action: 'release',
      state: null,
      changes: [],
      effect: ['It stays as it is, and can be changed by hand again.'],
      traffic: null,
      locks: false,
      refused: [],
    });
  }
  return released;
}
