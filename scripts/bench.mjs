// `npm run bench`: every figure beside its ceiling, in one run on one machine. `-- --only NAME` (may be repeated)
// measures one of them, `-- --json` prints one JSON document on standard output.
import fs from 'node:fs';
import path from 'node:path';
import { removePostgres, startPostgres, stopPostgres } from './lib/postgres.mjs';
import { buildServer, ensureInstalled, fail, stateDir } from './lib/project.mjs';

const only = [];
let json = false;
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i++) {
  if (args[i] === '--json') json = true;
  else if (args[i] === '--only' && args[i + 1]) only.push(args[++i]);
  else fail(`"${args[i]}" is not an option of npm run bench; known are --only NAME and --json.`);
}

// Standard output belongs to the result alone; progress goes to standard error.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (chunk, ...rest) => process.stderr.write(chunk, ...rest);
await ensureInstalled();
await buildServer();
process.stdout.write = write;

const { measurementNames, runBench } = await import('../dist/bench/main.js');
const unknown = only.find((name) => !measurementNames.includes(name));
if (unknown) fail(`"${unknown}" is not a figure; known are ${measurementNames.join(', ')}.`);

const benchState = path.join(stateDir, 'bench');
async function clean() {
  await stopPostgres(benchState);
  removePostgres(benchState);
  fs.rmSync(benchState, { recursive: true, force: true });
}
const leave = () => void clean().finally(() => process.exit(1));
process.on('SIGINT', leave);
process.on('SIGTERM', leave);

await clean();
let met = false;
try {
  const { url } = await startPostgres({ stateDir: benchState, database: 'bench' });
  process.stderr.write('Marquee bench: some minutes\n');
  met = await runBench({ serverUrl: url, stateDir: path.join(benchState, 'run'), only, json });
} finally {
  await clean();
}
process.exit(met ? 0 : 1);
