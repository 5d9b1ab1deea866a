const MOST = 3;

/** Scores with mean 0 and standard deviation 1, cut at +-3; all 0 where they do not differ. */
export function standardised(scores: Float64Array): Float64Array {
  const n = Math.max(1, scores.length);
  const mean = scores.reduce((sum, score) => sum + score, 0) / n;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / n;
  if (!(variance > 1e-24 * (1 + mean * mean))) return new Float64Array(scores.length);
  const scale = 1 / Math.sqrt(variance);
  return scores.map((score) => Math.max(-MOST, Math.min(MOST, (score - mean) * scale)));
}
