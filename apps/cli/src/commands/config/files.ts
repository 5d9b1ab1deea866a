import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

/** The lists of a file, the kind that each holds, and the field that names one of them. */
export const LISTS = {
  unitTypes: { kind: 'unitType', key: 'key' },
  layers: { kind: 'layer', key: 'key' },
  surfaces: { kind: 'surface', key: 'key' },
  metrics: { kind: 'metric', key: 'key' },
  unitLists: { kind: 'unitList', key: 'key' },
  segments: { kind: 'segment', key: 'key' },
  policies: { kind: 'policy', key: 'id' },
  holdouts: { kind: 'holdout', key: 'key' },
  experiments: { kind: 'experiment', key: 'key' },
} as const;
type List = keyof typeof LISTS;

/** What several files hold together. */
export interface ReadFiles {
  readonly config: Record<string, unknown>;
  /** Paths, by kind and key. */
  readonly files: Readonly<Record<string, string>>;
}

const ENDINGS = ['.yaml', '.yml', '.json'];
const isList = (name: string): name is List => Object.hasOwn(LISTS, name);

/** Files as they are; of folders every YAML and JSON file, in the order of their names. */
function expand(given: string): string[] {
  if (!statSync(given, { throwIfNoEntry: false })?.isDirectory()) return [given];
  return readdirSync(given, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) =>
        ENDINGS.includes(path.extname(name)) && !name.split(path.sep).some((part) => part.startsWith('.')),
    )
    .sort()
    .map((name) => path.join(given, name));
}

function documentsOf(file: string): unknown[] {
  const documents = parseAllDocuments(readFileSync(file, 'utf8'), { uniqueKeys: true });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    // What is only a warning, such as a tag that nobody knows, would be read as something else than was meant.
    const [fault] = [...document.errors, ...document.warnings];
    if (fault) throw new Error(`${file}: ${fault.message}`);
    return plain(file, () => document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown);
  });
}

/** Aliases may repeat what they stand for, within bounds. */
const MOST_ALIASES = 100;
const DEEPEST = 64;

/** @throws Error for what JSON would send as something else. */
function plain(file: string, read: () => unknown): unknown {
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
  const why = unsendable(value, 0);
  if (why !== null) throw new Error(`${file}: ${why}`);
  return value;
}

function unsendable(value: unknown, depth: number): string | null {
  if (typeof value === 'number') return inexact(value);
  if (typeof value !== 'object' || value === null) return null;
  if (depth > DEEPEST) return `it is nested deeper than ${DEEPEST}`;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype)
    return 'dates, sets and bytes cannot be sent; write a text';
  if (Object.hasOwn(value, '__proto__')) return 'nothing can be named "__proto__"';
  for (const inner of Object.values(value)) {
    const why = unsendable(inner, depth + 1);
    if (why !== null) return why;
  }
  return null;
}

function inexact(value: number): string | null {
  const exact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return exact ? null : `${value} cannot be sent as it is; write it in quotation marks if it is a text`;
}

/**
 * Reads configuration files (YAML, of which JSON is a part; several documents each) as one.
 * @param base paths are told from here, as the repository knows them.
 * @throws Error with the file, and the line of a mistake of YAML.
 */
export function readConfigFiles(given: readonly string[], base = process.cwd()): ReadFiles {
  const config: Record<string, unknown[]> = {};
  const files: Record<string, string> = {};
  const found = given.flatMap(expand);
  if (found.length === 0) throw new Error(`${given.join(', ')}: there is no YAML or JSON file`);
  for (const file of found) {
    const told = path.relative(base, file).split(path.sep).join('/');
    for (const document of documentsOf(file)) addDocument(document, told, config, files);
  }
  return { config: { version: 1, ...config }, files };
}

function addDocument(
  document: unknown,
  file: string,
  config: Record<string, unknown[]>,
  files: Record<string, string>,
): void {
  if (document === null) return;
  if (typeof document !== 'object' || Array.isArray(document))
    throw new Error(`${file}: expected ${Object.keys(LISTS).join(', ')}, each a list`);
  for (const [name, list] of Object.entries(document)) {
    if (name === 'version' || name === '$schema') continue;
    if (!isList(name) || !Array.isArray(list))
      throw new Error(`${file}: "${name}" is not one of the lists ${Object.keys(LISTS).join(', ')}`);
    for (const one of list as unknown[]) {
      const id = idOf(name, one, file);
      if (files[id] !== undefined) throw new Error(`${file}: ${id} is in ${files[id]} already`);
      files[id] = file;
      (config[name] ??= []).push(one);
    }
  }
}

function idOf(name: List, one: unknown, file: string): string {
  const { kind, key: field } = LISTS[name];
  const key = (one as Record<string, unknown> | null)?.[field];
  if (typeof key !== 'string') throw new Error(`${file}: something of "${name}" has no "${field}"`);
  return `${kind}/${key}`;
}

/** `/experiments/3/traffic` as people find it: the file, the thing, the field. */
export function placeOf(pointer: string, { config, files }: ReadFiles): string {
  const [, list = '', index = '', ...rest] = pointer.replace(/^\/config(?=\/)/, '').split('/');
  if (!isList(list)) return pointer;
  const { kind, key: field } = LISTS[list];
  const one = (config[list] as Record<string, unknown>[] | undefined)?.[Number(index)];
  const key = String(one?.[field] ?? index);
  const file = files[`${kind}/${key}`];
  const inside = rest.length > 0 ? ` /${rest.join('/')}` : '';
  return `${file === undefined ? '' : `${file}: `}${kind} "${key}"${inside}`;
}
