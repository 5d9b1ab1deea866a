import { createRegistry } from '#experiments';
import type { Registry } from '#experiments';
import type { CompiledExploration, Exploration } from '../contract.js';
import { epsilonMix } from './epsilon-mix.js';
import { greedy } from './greedy.js';
import { plackettLuce } from './plackett-luce.js';

/** Adding an exploration is one file and one entry here. */
export const explorationRegistry: Registry<Exploration> = createRegistry<Exploration>('exploration', [
  greedy,
  epsilonMix,
  plackettLuce,
]);

/**
 * A registered exploration, ready for serveAction and serveSlate.
 * @throws DomainError `unknown_key` or `invalid_params`.
 */
export function compileExploration(key: string, params: unknown): CompiledExploration {
  const exploration = explorationRegistry.get(key);
  return exploration.compile(exploration.params.parse(params));
}
