// Jest's own runner of a spec file (circus), in plain Node: the compiled spec is imported as any program would import it,
// so modules load once per worker, and code runs as fast as in production. docs/decisions/0015 says why.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import circus from 'jest-circus/runner';
import { compiledPath } from '../lib/specs.mjs';
import { setGlobals } from './globals.mjs';

const require = createRequire(import.meta.url);

/** Jest's runtime, which loads modules into contexts of its own, as one that leaves loading to Node. */
function plain(runtime, testPath) {
  return Object.assign(Object.create(runtime), {
    requireInternalModule(file) {
      // Circus keeps the tests that a file declares in its module.
      delete require.cache[file];
      return require(file);
    },
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: (file) => import(pathToFileURL(compiledPath(file)).href),
    setGlobalsForRuntime(globals) {
      runtime.setGlobalsForRuntime(globals);
      setGlobals({ ...globals, jest: runtime.jestGlobals.jestObjectFor(testPath) });
    },
  });
}

const run = circus.default ?? circus;

export default (globalConfig, config, environment, runtime, testPath, send) =>
  run(globalConfig, config, environment, plain(runtime, testPath), testPath, send);
