import { readFileSync, writeFileSync } from 'node:fs';
import { importGrowthBook } from '#experiments';
import type { GrowthBookImport } from '#experiments';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { YAML_STYLE } from './config.js';

interface Flags {
  readonly environment: string;
  readonly metric: Readonly<Record<string, string>>;
  readonly out?: string;
  readonly json?: boolean;
}

function metricOption(text: string, known: Readonly<Record<string, string>>): Record<string, string> {
  const [id, key, ...more] = text.split('=');
  if (!id || !key || more.length > 0)
    throw new InvalidArgumentError('expected ID=KEY, such as met_1a2b=watch-minutes');
  return { ...known, [id]: key };
}

/** The lists of several answers of the API as one: pages of one list follow each other. */
function readExports(files: readonly string[]): Record<string, unknown> {
  const lists: Record<string, unknown[]> = {};
  for (const file of files) {
    const document = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (typeof document !== 'object' || document === null || Array.isArray(document))
      throw new Error(`${file}: expected an answer of GrowthBook's API, such as {"experiments": [...]}`);
    for (const [name, list] of Object.entries(document)) {
      if (Array.isArray(list)) lists[name] = [...(lists[name] ?? []), ...(list as unknown[])];
    }
  }
  return lists;
}

/** The report for people, what was skipped last. */
export function describeImport({ report }: GrowthBookImport): string {
  const of = (outcome: string): typeof report => report.filter((note) => note.outcome === outcome);
  const lines = [...of('mapped'), ...of('partly'), ...of('skipped')].flatMap(
    ({ outcome, kind, id, name, to, notes }) => [
      `${outcome.padEnd(8)} ${kind} ${name === '' || name === id ? id : `${name} (${id})`}${to === null ? '' : ` -> ${to}`}`,
      ...notes.map((note) => `           ${note}`),
    ],
  );
  const counts = `${of('mapped').length} mapped, ${of('partly').length} in part, ${of('skipped').length} skipped`;
  return `${[...lines, '', counts].join('\n')}\n`;
}

/** `marquee import growthbook FILE...`: a report, and with `--out` a configuration file. */
export function registerImportGrowthBook(program: Command): void {
  program
    .command('import')
    .description('take over what another system exports')
    .command('growthbook')
    .description(
      'what of GrowthBook can be taken over, and what cannot and why; writes nothing but the file that you name',
    )
    .argument(
      '<files...>',
      "answers of GrowthBook's API as JSON: features, experiments, metrics, segments, savedGroups, namespaces",
    )
    .option('--environment <name>', 'whose rules and defaults count', 'production')
    .option(
      '--metric <id=key>',
      'the metric that takes the place of one of GrowthBook (may be repeated)',
      metricOption,
      {},
    )
    .option('--out <file>', 'write a configuration file for `marquee plan` and `marquee apply`')
    .option('--json', 'print one JSON document')
    .action((files: string[], { environment, metric, out, json }: Flags) => {
      const imported = importGrowthBook(readExports(files), { environment, metrics: metric });
      if (out !== undefined) writeFileSync(out, stringify(imported.config, YAML_STYLE));
      process.stdout.write(json ? `${JSON.stringify(imported)}\n` : describeImport(imported));
    });
}
