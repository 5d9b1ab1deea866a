/** Withheld decisions of one place in the hierarchy, summed up. */
export interface WithheldSums {
  /** From the general to the special, e.g. [subject, action, segment]; equally long in all sums. */
  readonly path: readonly string[];
  readonly decisions: number;
  /** Sum of their outcomes, and of the squares. */
  readonly sum: number;
  readonly squares: number;
}

/** The expected outcome of not showing. */
export interface Baseline {
  readonly mean: number;
  /** Of `mean` as an estimate; null while too little is known to say. */
  readonly variance: number | null;
  /** Withheld decisions of exactly this path. */
  readonly decisions: number;
}

interface Node {
  n: number;
  sum: number;
}

/**
 * How many decisions the parent's mean is worth, where the spread is not known yet. Small: to borrow too much would make a
 * title that is played anyway look as if showing it had helped.
 */
const DEFAULT_STRENGTH = 1;

/**
 * Expected outcomes without showing, from a slice of decisions that were withheld at random. Each mean is drawn to that of
 * the level above by as many decisions as that is worth, within-variance over between-variance of the level, estimated by
 * nested analysis of variance (empirical Bayes; Robbins 1956, Henderson's method 1 of 1953, moments cut at 0). So a path
 * with few withheld decisions borrows from its action, its subject and the policy as a whole, and one with many stands for itself. The
 * spread of a level includes that of the levels below it, which errs on the side of borrowing less.
 *
 * They centre incremental rewards (reward.ts), whose mean is right whatever the baseline: borrowing trades nothing but
 * variance.
 * @param sums every path once.
 * @returns the baseline of any path, withheld before or not; null while nothing at all was withheld.
 */
export function withheldBaselines(
  sums: readonly WithheldSums[],
): (path: readonly string[]) => Baseline | null {
  const [first] = sums;
  if (first === undefined) return () => null;
  const depth = first.path.length;
  const levels = nodesByLevel(sums, depth);
  const within = withinVariance(sums);
  const strengths = levels.slice(1).map((nodes, i) => strengthOf(nodes, levels[i] as Nodes, within));
  const root = levels[0]?.get(keyOf([])) as Node;
  return (path) => {
    let mean = root.sum / root.n;
    let variance = within === null ? null : within / root.n;
    let decisions = root.n;
    for (let level = 1; level <= depth; level++) {
      const node = levels[level]?.get(keyOf(path.slice(0, level)));
      const strength = strengths[level - 1] as number;
      decisions = node?.n ?? 0;
      const own = ownWeight(decisions, strength);
      variance = narrowed(variance, within, own, decisions, strength);
      if (node) mean += own * (node.sum / node.n - mean);
    }
    return { mean, variance, decisions };
  };
}

type Nodes = ReadonlyMap<string, Node & { readonly parent: string }>;

const keyOf = (path: readonly string[]): string => JSON.stringify(path);

function nodesByLevel(sums: readonly WithheldSums[], depth: number): Nodes[] {
  return Array.from({ length: depth + 1 }, (_, level) => {
    const nodes = new Map<string, Node & { readonly parent: string }>();
    for (const { path, decisions, sum } of sums) {
      const key = keyOf(path.slice(0, level));
      const node = nodes.get(key);
      if (node) {
        node.n += decisions;
        node.sum += sum;
      } else nodes.set(key, { n: decisions, sum, parent: keyOf(path.slice(0, Math.max(0, level - 1))) });
    }
    return nodes;
  });
}

/** Pooled variance of outcomes of one path; null where no path has two. */
function withinVariance(sums: readonly WithheldSums[]): number | null {
  let [squares, freedom] = [0, 0];
  for (const { decisions, sum, squares: raw } of sums) {
    squares += Math.max(0, raw - (sum * sum) / decisions);
    freedom += decisions - 1;
  }
  return freedom > 0 ? squares / freedom : null;
}

/** Within-variance over the variance between children of one parent, in decisions; Infinity where they do not differ. */
function strengthOf(children: Nodes, parents: Nodes, within: number | null): number {
  const freedom = children.size - parents.size;
  if (within === null || freedom < 1) return DEFAULT_STRENGTH;
  let between = 0;
  const squaredSizes = new Map<string, number>();
  for (const { n, sum, parent } of children.values()) {
    const above = parents.get(parent) as Node;
    between += n * (sum / n - above.sum / above.n) ** 2;
    squaredSizes.set(parent, (squaredSizes.get(parent) ?? 0) + n * n);
  }
  let scale = 0;
  for (const [key, { n }] of parents) scale += n - (squaredSizes.get(key) ?? 0) / n;
  const spread = (between - freedom * within) / scale;
  return spread > 0 ? within / spread : Infinity;
}

const ownWeight = (n: number, strength: number): number =>
  n === 0 || strength === Infinity ? 0 : n / (n + strength);

/** Variance of (1 - own) parent + own mean of the node, where nodes spread around their parent by within / strength. */
function narrowed(
  parent: number | null,
  within: number | null,
  own: number,
  n: number,
  strength: number,
): number | null {
  if (parent === null || within === null) return null;
  const rest = (1 - own) ** 2 * parent;
  if (strength === Infinity) return rest;
  if (strength > 0) return rest + (within / strength) * (1 - own);
  // Equal outcomes within every path: the node's own mean is certain, and a node of which nothing is known may be anything.
  return n > 0 ? 0 : null;
}
