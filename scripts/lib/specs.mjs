// Compiles spec files, and what only they use, to dist/ beside the modules that they test.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './project.mjs';

const SPEC = /\.spec\.ts$/;
/** Folders of code for tests, which the build leaves out: outside of them only spec files import `@jest/globals`. */
const HELPERS = ['apps/api/test', 'apps/dashboard/src', 'apps/dashboard/test', 'libs/*/src/testing'];
const DECORATORS = { legacyDecorator: true, decoratorMetadata: true };
const GLOBALS = pathToFileURL(path.join(root, 'scripts/jest/globals.mjs')).href;

function sources() {
  const helpers = HELPERS.flatMap((pattern) => {
    const [before, after] = pattern.split('*');
    if (after === undefined) return [pattern];
    return fs.readdirSync(path.join(root, before)).map((name) => before + name + after);
  });
  return ['apps', 'libs'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true })
      .map((name) => `${folder}/${name}`.replaceAll(path.sep, '/'))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.includes('node_modules/'))
      .filter((name) => SPEC.test(name) || helpers.some((helper) => name.startsWith(`${helper}/`))),
  );
}

/** Where a TypeScript file is compiled to. */
export function compiledPath(file) {
  return path.join(root, 'dist', path.relative(root, file).replace(/\.ts$/, '.js'));
}

/** Writes at once: another run may read the file meanwhile. */
function write(file, text) {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, text);
  fs.renameSync(draft, file);
}

export async function buildSpecs() {
  const { transformFileSync } = await import('@swc/core');
  for (const name of sources()) {
    const file = path.join(root, name);
    const target = compiledPath(file);
    const { code, map } = transformFileSync(file, {
      swcrc: false,
      sourceMaps: true,
      sourceFileName: path.relative(path.dirname(target), file),
      jsc: { target: 'es2023', parser: { syntax: 'typescript', decorators: true }, transform: DECORATORS },
      module: { type: 'es6' },
    });
    const ours = code.replaceAll(/from (['"])@jest\/globals\1/g, `from '${GLOBALS}'`);
    const text = `${ours}\n//# sourceMappingURL=${path.basename(target)}.map\n`;
    if (fs.existsSync(target) && fs.readFileSync(target, 'utf8') === text) continue;
    fs.mkdirSync(path.dirname(target), { recursive: true });
    write(`${target}.map`, map);
    write(target, text);
  }
}
