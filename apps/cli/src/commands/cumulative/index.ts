import { AnalysisInputError } from '../analyze-table.js';
import { analyseCumulative } from './analyse-cumulative.js';
import { countVerdicts, cumulativeMarkdown, describeCumulative } from './describe-cumulative.js';
import { headerOf, isCumulative, readCumulative } from './read-cumulative.js';

export interface CumulativeRequest {
  readonly file: string;
  readonly alpha?: string;
  readonly tuning?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** Whether a CSV file has cumulative statistics per arm instead of one row per unit. */
export async function isCumulativeFile(file: string): Promise<boolean> {
  return isCumulative(await headerOf(file));
}

/**
 * Final and over-time verdicts of experiments given as cumulative statistics, as text, JSON or Markdown.
 * @throws AnalysisInputError with one sentence about what is wrong with the file or an option.
 */
export async function analyzeCumulative(request: CumulativeRequest): Promise<string> {
  const alpha = Number(request.alpha ?? 0.05);
  if (!(alpha > 0 && alpha < 1)) throw new AnalysisInputError('--alpha: expected a number between 0 and 1');
  const tuning = request.tuning === undefined ? undefined : Number(request.tuning);
  if (tuning !== undefined && !(tuning > 0 && Number.isFinite(tuning)))
    throw new AnalysisInputError('--tuning: expected a number of units above 0');
  const results = analyseCumulative(await readCumulative(request.file), {
    alpha,
    ...(tuning === undefined ? {} : { sequentialTuning: tuning }),
  });
  if (request.json) return `${JSON.stringify({ alpha, counts: countVerdicts(results), results })}\n`;
  return request.markdown ? cumulativeMarkdown(results, alpha) : describeCumulative(results, alpha);
}
