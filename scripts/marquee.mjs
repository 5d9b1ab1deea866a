// The `marquee` command: installs and builds what is missing (silently when up to date), then runs it.
import { buildServer, ensureInstalled } from './lib/project.mjs';

const write = process.stdout.write.bind(process.stdout);
// Standard output belongs to the command's result alone; progress of the set-up goes to standard error.
process.stdout.write = (chunk, ...rest) => process.stderr.write(chunk, ...rest);
await ensureInstalled();
await buildServer();
process.stdout.write = write;
await import('../dist/apps/cli/src/main.js');
