import { offPolicyRegistry } from '#policies';
import type { Evidence, Terms } from '#policies';

/** How a name in a file of references is read: estimator, parameters and reward model. */
export interface NamedEstimate {
  readonly estimator: string;
  readonly params: unknown;
  /** Name of the reward model (tab, logit...); null where the estimator needs none or the file knows only one. */
  readonly model: string | null;
}

type Reader = (groups: readonly (string | undefined)[]) => NamedEstimate;
const MODEL = '(?:_(tab|tabxfit|logit|logitxfit))?';
const NUMBER = '_?([0-9.eE+-]+)';
const withModel =
  (estimator: string): Reader =>
  ([model]) => ({ estimator, params: {}, model: model ?? null });

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/^ips$/, () => ({ estimator: 'ips', params: {}, model: null })],
  [/^snips$/, () => ({ estimator: 'snips', params: {}, model: null })],
  [
    new RegExp(`^ips_clip${NUMBER}$`),
    ([limit]) => ({ estimator: 'ips-clipped', params: { limit: Number(limit) }, model: null }),
  ],
  [
    new RegExp(`^subgaussian_ips${NUMBER}$`),
    ([lambda]) => ({ estimator: 'ips-sub-gaussian', params: { lambda: Number(lambda) }, model: null }),
  ],
  [new RegExp(`^dm${MODEL}$`), withModel('dm')],
  [new RegExp(`^dr${MODEL}$`), withModel('dr')],
  [new RegExp(`^sndr${MODEL}$`), withModel('sndr')],
  [new RegExp(`^mrdr${MODEL}$`), withModel('mrdr')],
  [
    new RegExp(`^switchdr${MODEL}_tau${NUMBER}$`),
    ([model, tau]) => ({ estimator: 'switch-dr', params: { tau: Number(tau) }, model: model ?? null }),
  ],
  [
    new RegExp(`^dros${MODEL}_lambda${NUMBER}$`),
    ([model, lambda]) => ({ estimator: 'dr-os', params: { lambda: Number(lambda) }, model: model ?? null }),
  ],
];

/** @throws Error when no estimator has such a name. */
export function readEstimateKey(key: string): NamedEstimate {
  for (const [pattern, read] of READERS) {
    const found = pattern.exec(key);
    if (found) return read(found.slice(1));
  }
  throw new Error(`the estimate "${key}" is not known here`);
}

export function termsOf({ estimator, params }: NamedEstimate, evidence: Evidence): Terms {
  const found = offPolicyRegistry.get(estimator);
  return found.estimate(evidence, found.params.parse(params));
}
