import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  rmdirSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Tests run from the root of the repository. */
const ROOT = process.cwd();
const DASHBOARD = join(ROOT, 'apps/dashboard');
export const BUILT = join(ROOT, 'dist/dashboard');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A Chromium of this machine; null: browser tests are skipped. */
export function findChromium(): string | null {
  // What `npm test` has found.
  const given = process.env['TEST_CHROMIUM'];
  if (given) return given;
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return candidates.find(runs) ?? null;
}

function newestSource(): number {
  const files = readdirSync(join(DASHBOARD, 'src'), { recursive: true, withFileTypes: true });
  const times = files
    .filter((file) => file.isFile())
    .map((file) => statSync(join(file.parentPath, file.name)).mtimeMs);
  return Math.max(
    ...times,
    ...['index.html', 'vite.config.ts'].map((name) => statSync(join(DASHBOARD, name)).mtimeMs),
  );
}

function upToDate(): boolean {
  const index = join(BUILT, 'index.html');
  return existsSync(index) && statSync(index).mtimeMs >= newestSource();
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Builds the dashboard unless the build is newer than its sources; one test process at a time. */
export async function ensureBuilt(): Promise<void> {
  if (upToDate()) return;
  const lock = join(ROOT, 'dist/.dashboard-build');
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  for (let waited = 0; ; waited += 250) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      // A lock that old was left by a test process that was killed.
      if (waited > 90_000) rmdirSync(lock);
      await pause(250);
      if (upToDate() && !existsSync(lock)) return;
    }
  }
  try {
    const build = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', DASHBOARD],
      { encoding: 'utf8' },
    );
    if (build.status !== 0) throw new Error(`vite build failed:\n${build.stdout}\n${build.stderr}`);
  } finally {
    rmdirSync(lock);
  }
}

export interface Dashboard {
  url: string;
  stop: () => Promise<void>;
}

/** The real static server in its own process, on a free port, over a copy of the build (others may build meanwhile). */
export async function startDashboard(env: Record<string, string> = {}): Promise<Dashboard> {
  const files = mkdtempSync(join(tmpdir(), 'marquee-dashboard-'));
  cpSync(BUILT, files, { recursive: true });
  const child: ChildProcess = spawn(process.execPath, [join(DASHBOARD, 'server.mjs')], {
    env: { ...process.env, MARQUEE_DASHBOARD_PORT: '0', MARQUEE_DASHBOARD_FILES: files, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /"address":"([^"]+)"/.exec(output);
      if (found?.[1] !== undefined) resolve(found[1]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`the dashboard server ended with ${code}: ${output}`)));
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(files, { recursive: true, force: true });
  };
  return { url, stop };
}

export async function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no Chromium on this machine');
  return chromium.launch({ executablePath, args: FLAGS });
}

export interface Opened {
  context: BrowserContext;
  page: Page;
  /** Console errors, uncaught exceptions and policy violations. */
  complaints: string[];
}

export const SIZE = { width: 1280, height: 900 };

/** A page with reduced motion in the light theme; what it complains about is collected. */
export async function open(browser: Browser): Promise<Opened> {
  const context = await browser.newContext({
    viewport: SIZE,
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Chromium reports every answer of 400 and above; tests provoke those on purpose.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { context, page, complaints };
}

/** Waits until nothing on the page is loading any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main').waitFor();
  await page.locator('h1').first().waitFor();
  await page.locator('[aria-label^="Loading "]').first().waitFor({ state: 'detached' });
  // One frame for charts, which measure their place first. As text, for programs without the types of a browser.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}
