// `npm run kernels`: compiles the numeric kernels to WebAssembly and writes the bytes into a TypeScript file, which is committed,
// so that neither the build nor the tests need the compiler. `--check` compares instead of writing.
import fs from 'node:fs';
import path from 'node:path';
import asc from 'assemblyscript/asc';
import prettier from 'prettier';
import { fail, root, say } from './lib/project.mjs';

const source = path.join(root, 'libs/policies/src/kernels/assembly');
const target = path.join(root, 'libs/policies/src/kernels/bytes.gen.ts');

async function compile() {
  let binary = null;
  const { error, stderr } = await asc.main(
    [
      'index.ts',
      '-O3',
      '--shrinkLevel',
      '1',
      '--noAssert',
      '--enable',
      'simd',
      '--runtime',
      'stub',
      '--initialMemory',
      '32',
      '--outFile',
      'kernels.wasm',
    ],
    {
      // The sources end in .as, so that the tools for TypeScript leave them alone.
      readFile: (name) => {
        const file = path.join(source, name.replace(/\.ts$/, '.as'));
        return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null;
      },
      writeFile: (name, bytes) => {
        if (name === 'kernels.wasm') binary = bytes;
      },
      listFiles: () => [],
    },
  );
  if (error || binary === null) fail(`The kernels do not compile.\n${stderr.toString()}`);
  return binary;
}

const bytes = await compile();
const text = await prettier.format(
  `/** Compiled from assembly/*.as by \`npm run kernels\`; not written by hand. */
export const KERNEL_BYTES = '${Buffer.from(bytes).toString('base64')}';
`,
  { ...(await prettier.resolveConfig(target)), parser: 'typescript' },
);
if (process.argv.includes('--check')) {
  if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== text)
    fail('The compiled kernels are not those of their source: run "npm run kernels" and commit the result.');
} else {
  fs.writeFileSync(target, text);
  say(`${bytes.length} bytes written to ${path.relative(root, target)}`);
}
