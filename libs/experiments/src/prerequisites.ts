import { DomainError } from './errors.js';
import type { Experiment, Prerequisite } from './vocabulary.js';

type Node = Pick<Experiment, 'key' | 'surface' | 'unitType' | 'prerequisites' | 'arms'>;

export const MOST_PREREQUISITES = 10;

/** Surfaces that the experiments of each surface ask about. */
function surfaceEdges(experiments: readonly Node[]): Map<string, Set<string>> {
  const surfaceOf = new Map(experiments.map(({ key, surface }) => [key, surface]));
  const edges = new Map<string, Set<string>>();
  for (const { surface, prerequisites } of experiments) {
    for (const { experiment } of prerequisites ?? []) {
      const asked = surfaceOf.get(experiment);
      if (asked === undefined) continue;
      edges.set(surface, (edges.get(surface) ?? new Set()).add(asked));
    }
  }
  return edges;
}

/** Surfaces from which prerequisites lead back to themselves. */
export function surfacesInCircles(experiments: readonly Node[]): ReadonlySet<string> {
  const edges = surfaceEdges(experiments);
  const leadsBack = (start: string): boolean => {
    const seen = new Set<string>();
    const open = [...(edges.get(start) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === start) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(edges.get(next) ?? []));
    }
    return false;
  };
  return new Set([...edges.keys()].filter(leadsBack));
}

/** Surfaces on a way from one to itself, that surface first; null where there is none. */
export function prerequisiteCycle(experiments: readonly Node[]): readonly string[] | null {
  const edges = surfaceEdges(experiments);
  const done = new Set<string>();
  const visit = (surface: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(surface)) return way.slice(way.indexOf(surface));
    if (done.has(surface)) return null;
    for (const next of edges.get(surface) ?? []) {
      const found = visit(next, [...way, surface]);
      if (found) return found;
    }
    done.add(surface);
    return null;
  };
  for (const surface of edges.keys()) {
    const found = visit(surface, []);
    if (found) return found;
  }
  return null;
}

function checkOne(
  experiment: Node,
  { experiment: key, arms }: Prerequisite,
  i: number,
  all: readonly Node[],
): void {
  const pointer = `/prerequisites/${i}`;
  const fail = (message: string): never => {
    throw new DomainError('invalid_prerequisite', `${pointer}: ${message}`, pointer);
  };
  const parent = all.find((one) => one.key === key);
  if (!parent) return fail(`the experiment "${key}" does not exist`);
  if (parent.surface === experiment.surface)
    fail(`"${key}" is on the same surface, where a unit is in one experiment at a time`);
  if (parent.unitType !== experiment.unitType)
    fail(`"${key}" is on units of the type "${parent.unitType}", this one on "${experiment.unitType}"`);
  const unknown = arms.find((arm) => !parent.arms.some((one) => one.key === arm));
  if (unknown !== undefined) fail(`"${key}" has no arm "${unknown}"`);
}

/**
 * What an experiment asks of others must exist, fit and end: which experiment a unit is in depends on all experiments of
 * that surface, so that two surfaces must not ask about each other.
 * @param others all other experiments that may serve.
 * @throws DomainError `invalid_prerequisite` | `prerequisite_cycle` with a pointer.
 */
export function checkPrerequisites(experiment: Node, others: readonly Node[]): void {
  (experiment.prerequisites ?? []).forEach((one, i) => checkOne(experiment, one, i, others));
  const cycle = prerequisiteCycle([experiment, ...others.filter(({ key }) => key !== experiment.key)]);
  if (!cycle) return;
  const way = [...cycle, cycle[0] ?? ''].map((surface) => `"${surface}"`).join(' asks about ');
  throw new DomainError(
    'prerequisite_cycle',
    `/prerequisites: the prerequisites go round in a circle: ${way}`,
    '/prerequisites',
  );
}
