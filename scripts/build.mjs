import { ensureBuilt, ensureInstalled } from './lib/project.mjs';

await ensureInstalled();
await ensureBuilt();
