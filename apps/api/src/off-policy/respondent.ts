import { createRng } from '#experiments';
import { serveAction, slateRule } from '#policies';
import type { CompiledPolicy, DecisionRequest, RewardedDecision, SlotRule } from '#policies';
import { Problem } from '../http/problem.js';
import type { Candidate } from './candidate.js';

/** The candidate: answers, after learning where it has to. */
export class Respondent {
  learned = 0;
  readonly learns: boolean;
  private state: unknown;
  private compiled: CompiledPolicy | null;

  constructor(private readonly candidate: Candidate) {
    const { compiled, learner } = candidate;
    this.compiled = compiled;
    this.learns = learner !== null;
    if (learner) this.state = learner.policy.initialState(learner.params);
  }

  learn(batch: readonly RewardedDecision[]): void {
    const { learner } = this.candidate;
    if (batch.length === 0 || !learner) return;
    this.state = guarded(() => learner.policy.update(this.state, batch, learner.params));
    this.learned += batch.length;
    this.compiled = null;
  }

  /** Its distribution over the request's actions. */
  answer(request: DecisionRequest): Float64Array {
    const { exploration, config } = this.candidate;
    return guarded(() => {
      const rng = createRng('off-policy');
      return serveAction(this.ready(), request, exploration, config.floor, rng).probabilities;
    });
  }

  /** The law of its slates: the distribution of any slot given what stands above it. */
  slates(request: DecisionRequest): SlotRule {
    const { exploration, config } = this.candidate;
    const rule = guarded(() => slateRule(this.ready(), request, exploration, config.floor));
    return (taken, into, place) => guarded(() => rule(taken, into, place));
  }

  private ready(): CompiledPolicy {
    const { learner } = this.candidate;
    this.compiled ??= learner?.policy.compile(this.state, learner.params) ?? null;
    return this.compiled as CompiledPolicy;
  }
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it threw something that is not an error';
    throw Problem.conflict('candidate_failed', `The candidate cannot answer a logged request: ${why}`);
  }
}
