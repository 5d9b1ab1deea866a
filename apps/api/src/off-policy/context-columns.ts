import type { Context } from '#experiments';
import { eachFeature } from '#policies';
import { Numbering } from '../persistence/numbering.js';

/** Features of the context that reward models see: the ones that occur most. */
const MOST_FEATURES = 32;
const FEATURE_LIMIT = 1e6;

/** Collects contexts, and lays out the features that occur most as columns. */
export class ContextColumns {
  private readonly features = new Numbering();
  private readonly kept: (readonly (readonly [number, number])[])[] = [];

  add(context: Context): void {
    const features: [number, number][] = [];
    eachFeature(context, FEATURE_LIMIT, (name, value) => features.push([this.features.of(name), value]));
    this.kept.push(features);
  }

  /** The features that occur most, each scaled to at most 1; `context` is absent where there are none. */
  done(): { names: string[]; context?: { width: number; values: Float64Array } } {
    const counts = new Uint32Array(this.features.names.length);
    const largest = new Float64Array(counts.length).fill(1);
    for (const features of this.kept) {
      for (const [f, value] of features) {
        counts[f] = (counts[f] as number) + 1;
        largest[f] = Math.max(largest[f] as number, Math.abs(value));
      }
    }
    const chosen = Array.from(counts.keys())
      .sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b)
      .slice(0, MOST_FEATURES);
    const place = new Map(chosen.map((f, j) => [f, j]));
    const values = new Float64Array(this.kept.length * chosen.length);
    for (const [i, features] of this.kept.entries()) {
      for (const [f, value] of features) {
        const j = place.get(f);
        if (j !== undefined) values[i * chosen.length + j] = value / (largest[f] as number);
      }
    }
    const names = chosen.map((f) => this.features.names[f] as string);
    return chosen.length > 0 ? { names, context: { width: chosen.length, values } } : { names };
  }
}
