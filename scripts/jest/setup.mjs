// Before the first spec file: the build and the compiled specs are those of the sources, however jest was started.
import { buildServer } from '../lib/project.mjs';
import { buildSpecs } from '../lib/specs.mjs';

export default async () => {
  await buildServer();
  await buildSpecs();
};
