import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Option } from 'commander';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ApiClient, Refused } from '../../demo/api-client.js';
import { resolveConnection } from '../../demo/connection.js';
import type { ConnectionOptions } from '../../demo/connection.js';
import { connected } from '../connected.js';
import { placeOf, readConfigFiles } from './files.js';
import type { ReadFiles } from './files.js';
import { leftOut } from './left-out.js';
import { applyPlan, askPlan, changesAnything, describePlan, planSchema, statesOf } from './plan.js';
import type { Plan, Request } from './plan.js';

interface PlanFlags extends ConnectionOptions {
  readonly json?: boolean;
  readonly repository?: string;
  readonly revision?: string;
  readonly base?: string;
  readonly lock: boolean;
  readonly existing: 'move' | 'keep';
  readonly prune?: boolean;
  readonly takeOver?: boolean;
  readonly out?: string;
}
interface ApplyFlags extends PlanFlags {
  readonly plan?: string;
  readonly yes?: boolean;
  readonly overrideGate?: string;
}

/** Long enough for sentences, and nothing by reference: people edit it. */
export const YAML_STYLE = { lineWidth: 100, aliasDuplicateObjects: false } as const;

/** Exit code of a plan that would change something. */
const DIFFERS = 2;

const savedSchema = z.object({
  request: z.looseObject({ config: z.record(z.string(), z.unknown()), source: z.unknown() }),
  files: z.record(z.string(), z.string()),
  plan: planSchema,
});

const filesOptions = (command: Command): Command =>
  connected(command)
    .option(
      '--repository <url>',
      'address of the repository; locks lead there (default: $MARQUEE_REPOSITORY)',
    )
    .option('--revision <name>', 'commit or branch that the files are of (default: $MARQUEE_REVISION)')
    .option('--base <folder>', 'root of the repository, from which paths are told (default: this folder)')
    .option('--no-lock', 'let everything be changed by hand as well')
    .addOption(
      new Option('--existing <what>', 'units in an experiment whose allocation changes')
        .choices(['move', 'keep'])
        .default('move'),
    )
    .option('--prune', 'release what the repository manages and the files no longer hold; nothing is deleted')
    .option('--take-over', 'also what another repository manages');

function requestOf({ config, files }: ReadFiles, flags: PlanFlags): Request {
  const repository = flags.repository ?? process.env['MARQUEE_REPOSITORY'] ?? null;
  const revision = flags.revision ?? process.env['MARQUEE_REVISION'] ?? null;
  return {
    config,
    source: flags.lock ? { repository, revision, files } : null,
    existing: flags.existing,
    prune: flags.prune === true,
    takeOver: flags.takeOver === true,
  };
}

/** The API's refusal with its pointers led back to the files. */
async function tellingPlaces<T>(files: ReadFiles, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code === 'plan_outdated')
      throw new Error('Something has changed since the plan, and nothing was applied. Plan again.', {
        cause: error,
      });
    if (error.errors.length === 0) throw error;
    const told = error.errors.map(({ pointer, message }) => `${placeOf(pointer, files)}: ${message}`);
    throw new Error(`nothing was applied:\n${told.join('\n')}`, { cause: error });
  }
}

async function planFiles(paths: readonly string[], flags: PlanFlags): Promise<void> {
  const files = readConfigFiles(paths, path.resolve(flags.base ?? '.'));
  const request = requestOf(files, flags);
  const client = new ApiClient(resolveConnection(flags));
  const plan = await tellingPlaces(files, () => askPlan(client, request));
  if (flags.out !== undefined)
    writeFileSync(flags.out, `${JSON.stringify({ request, files: files.files, plan }, null, 2)}\n`);
  process.stdout.write(flags.json ? `${JSON.stringify(plan)}\n` : describePlan(plan, files));
  if (!plan.possible) process.exitCode = 1;
  else if (changesAnything(plan)) process.exitCode = DIFFERS;
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Error('Give --yes to apply without being asked, or --plan FILE');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question('Apply? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}

interface Prepared {
  readonly request: Request;
  readonly files: ReadFiles;
  readonly plan: Plan;
}

function savedPlan(file: string): Prepared {
  const { request, files, plan } = savedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return { request: request as unknown as Request, files: { config: request.config, files }, plan };
}

async function freshPlan(client: ApiClient, paths: readonly string[], flags: ApplyFlags): Promise<Prepared> {
  const files = readConfigFiles(paths, path.resolve(flags.base ?? '.'));
  const request = requestOf(files, flags);
  return { request, files, plan: await tellingPlaces(files, () => askPlan(client, request)) };
}

async function applyFiles(paths: readonly string[], flags: ApplyFlags): Promise<void> {
  if ((flags.plan === undefined) === (paths.length === 0)) throw new Error('Give files, or --plan FILE');
  const client = new ApiClient(resolveConnection(flags));
  const { request, files, plan } =
    flags.plan === undefined ? await freshPlan(client, paths, flags) : savedPlan(flags.plan);
  if (!flags.json) process.stdout.write(describePlan(plan, files));
  // A closed gate is refused by the plan, and let through by the reason that is given for it.
  if (!plan.possible && flags.overrideGate === undefined)
    throw new Error('Something is refused; nothing was applied.');
  if (!changesAnything(plan)) {
    if (flags.json) process.stdout.write(`${JSON.stringify(plan)}\n`);
    return;
  }
  if (!flags.yes && flags.plan === undefined && !(await confirmed())) throw new Error('Nothing was applied.');
  const applied = await tellingPlaces(files, () =>
    applyPlan(client, request, statesOf(plan), flags.overrideGate),
  );
  process.stdout.write(flags.json ? `${JSON.stringify(applied)}\n` : 'Applied.\n');
}

async function exportFiles(
  flags: ConnectionOptions & { json?: boolean; kinds?: string; out?: string },
): Promise<void> {
  const connection = resolveConnection(flags);
  const client = new ApiClient(connection);
  const query = flags.kinds === undefined ? '' : `?kinds=${encodeURIComponent(flags.kinds)}`;
  const file = await client.call('GET', `/v1/config${query}`);
  const text = flags.json
    ? `${JSON.stringify(file, null, 2)}\n`
    : `# yaml-language-server: $schema=${connection.api}/v1/config/schema\n${stringify(file, YAML_STYLE)}`;
  for (const line of leftOut(file as Record<string, unknown>)) process.stderr.write(`${line}\n`);
  if (flags.out === undefined) process.stdout.write(text);
  else writeFileSync(flags.out, text);
}

/** `marquee plan`, `apply`, `export` and `schema`. */
export function registerConfig(program: Command): void {
  filesOptions(
    program
      .command('plan')
      .description(
        'what configuration files would change, and what that does to traffic; exit code 2 if anything',
      )
      .argument('<paths...>', 'YAML or JSON files, or folders of them'),
  )
    .option('--out <file>', 'keep the plan for `apply --plan`')
    .action(planFiles);
  filesOptions(
    program
      .command('apply')
      .description('apply configuration files: all of them or nothing')
      .argument('[paths...]', 'YAML or JSON files, or folders of them'),
  )
    .option('--plan <file>', 'a plan that was kept: refused if anything it is about has changed')
    .option('--yes', 'do not ask')
    .option('--override-gate <reason>', 'go past a closed off-policy gate')
    .action(applyFiles);
  connected(program.command('export').description('everything that configuration files can hold, as YAML'))
    .option(
      '--kinds <list>',
      'some of unitType,layer,surface,metric,unitList,segment,policy,holdout,experiment',
    )
    .option('--out <file>', 'write it there')
    .action(exportFiles);
  connected(program.command('schema').description('JSON Schema of configuration files, for editors')).action(
    async (flags: ConnectionOptions) => {
      const schema = await new ApiClient(resolveConnection(flags)).call('GET', '/v1/config/schema');
      process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    },
  );
}
