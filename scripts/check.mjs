// `npm run check`: format, lint, types, import rules. The same in CI.
import { ensureInstalled, runQuietly, say, step } from './lib/project.mjs';

await ensureInstalled();
const node = process.execPath;
const checks = [
  ['format', [node, 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
  ['lint', [node, 'node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.']],
  [
    'types',
    [node, 'node_modules/typescript/bin/tsc', '--noEmit', '--incremental', 'false', '-p', 'tsconfig.json'],
  ],
  [
    'types of the dashboard',
    [node, 'node_modules/typescript/bin/tsc', '--noEmit', '-p', 'apps/dashboard/tsconfig.json'],
  ],
  ['compiled kernels', [node, 'scripts/kernels.mjs', '--check']],
  [
    'import rules',
    [
      node,
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'apps',
      'libs',
      'migrations',
      '--output-type',
      'err',
    ],
  ],
];
let failures = 0;
for (const [name, [command, ...args]] of checks) {
  const code = await step(name, () => runQuietly(command, args));
  if (code !== 0) failures += 1;
}
say(failures === 0 ? 'All checks pass.' : `${failures} of ${checks.length} checks fail.`);
process.exit(failures === 0 ? 0 : 1);
