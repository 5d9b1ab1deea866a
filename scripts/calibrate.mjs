// `npm run calibrate`: simulates experiments on the statistics engine and holds its claims against their bands.
// `-- --only NAME` (may be repeated) runs one claim, `-- --scale 0.1` a tenth of the runs,
// `-- --short` as many as the tests do, `-- --json` prints JSON.
import { buildServer, ensureInstalled, fail } from './lib/project.mjs';

const only = [];
let json = false;
let scale = 1;
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i++) {
  if (args[i] === '--json') json = true;
  else if (args[i] === '--short') scale = 0;
  else if (args[i] === '--only' && args[i + 1]) only.push(args[++i]);
  else if (args[i] === '--scale' && Number(args[i + 1]) > 0 && Number(args[i + 1]) <= 100)
    scale = Number(args[++i]);
  else
    fail(
      `"${args[i]}" is not an option of npm run calibrate; known are --only NAME, --scale NUMBER (above 0, at most 100), --short and --json.`,
    );
}

// Standard output belongs to the result alone; progress goes to standard error.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (chunk, ...rest) => process.stderr.write(chunk, ...rest);
await ensureInstalled();
await buildServer();
process.stdout.write = write;

const { calibrate, claimKeys } = await import('../dist/libs/calibration/src/index.js');
const unknown = only.find((name) => !claimKeys.includes(name));
if (unknown) fail(`"${unknown}" is not a claim; known are ${claimKeys.join(', ')}.`);

process.stderr.write('Marquee calibration: some minutes\n');
process.exitCode = (await calibrate({ only, scale, json, threads: 2 })) ? 0 : 1;
