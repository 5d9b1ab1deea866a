import type { Json } from '../../api/types.js';
import { decimal, humanise } from '../../format/index.js';

/** The figures of an evaluation on one line: `Recall@20 0.214, NDCG@10 0.131`. */
export function evaluationText(evaluation: Record<string, Json> | null): string {
  const figures = Object.entries(evaluation ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  if (figures.length === 0) return 'none';
  return figures
    .slice(0, 4)
    .map(([name, value]) => `${humanise(name)} ${decimal(value, 3)}`)
    .join(', ');
}
