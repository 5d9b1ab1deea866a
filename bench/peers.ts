import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Other people's servers are kept between runs, outside the folder that a run clears. */
const PEERS = path.resolve(process.env['MARQUEE_STATE_DIR'] ?? '.marquee', 'peers');

/**
 * Installs a package from npm into the state folder, once. A peer to compare with is no dependency of this program, so
 * package.json does not name it; what it would run at installation is not run.
 * @returns its folder.
 * @throws Error with one sentence where npm cannot fetch it.
 */
export async function installPeer(name: string, version: string): Promise<string> {
  const folder = path.join(PEERS, `${name}-${version}`);
  const installed = path.join(folder, 'node_modules', name);
  const stamp = path.join(folder, 'installed');
  if (fs.existsSync(stamp)) return installed;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  process.stderr.write(`  installing ${name} ${version} from npm, some minutes the first time\n`);
  const args = [
    'install',
    '--prefix',
    folder,
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--fetch-retries=1',
  ];
  const code = await npm([...args, '--save-exact', '--loglevel=error', `${name}@${version}`], folder);
  if (code !== 0)
    throw new Error(
      `${name} ${version} could not be installed: check that npm can reach its registry, then try again.`,
    );
  fs.writeFileSync(stamp, '');
  return installed;
}

function npm(args: readonly string[], folder: string): Promise<number> {
  return new Promise((resolve) => {
    const log = fs.openSync(path.join(folder, 'npm.log'), 'a');
    const child = spawn('npm', [...args], {
      cwd: folder,
      stdio: ['ignore', log, log],
      shell: process.platform === 'win32',
    });
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
    fs.closeSync(log);
  });
}
