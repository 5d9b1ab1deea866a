import type { Client } from './client.js';

/** The parts of the OpenFeature SDKs' HookContext and EvaluationDetails that are used; server and web alike. */
interface Evaluated {
  readonly reason?: string | undefined;
  readonly errorCode?: unknown;
  readonly flagMetadata?: Readonly<Record<string, string | number | boolean>> | undefined;
}
interface HookContextLike {
  readonly context?: { readonly targetingKey?: string | undefined } | undefined;
}

/** A hook of OpenFeature, by its shape: https://openfeature.dev/specification/sections/hooks */
export interface ExposureHook {
  after(context: HookContextLike, details: Evaluated): void;
}

/**
 * An OpenFeature hook that exposes each evaluation which Marquee answered, by the `decisionId` of its metadata. What an SDK
 * gives by itself (errors, defaults, time-outs) has none and is not exposed; nor is what the server has counted as seen
 * already (`exposure: recorded`). Add it where an evaluation means that the answer is shown:
 * `OpenFeature.addHooks(exposureHook(marquee))`, or per call: `client.getStringValue(flag, 'small', {}, { hooks: [hook] })`.
 * @param client its unit sees the decision, unless the evaluation's `targetingKey` names another.
 */
export function exposureHook(client: Client): ExposureHook {
  return {
    after({ context }, { reason, errorCode, flagMetadata = {} }) {
      const { decisionId, exposure } = flagMetadata;
      const answered = typeof decisionId === 'string' && errorCode === undefined && reason !== 'ERROR';
      if (!answered || exposure === 'recorded') return;
      const unit = context?.targetingKey;
      (unit === undefined ? client : client.forUnit(unit)).expose(decisionId);
    },
  };
}
