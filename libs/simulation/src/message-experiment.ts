import type { Json } from '#experiments';
import { messageWindowHours, silentMessage } from './messages.js';
import type { ReadyExperiment } from './ready-experiments.js';

/** The policy that sends messages; the shape of `POST /v1/policies`. */
export interface MessagePolicy {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly floor: number;
  readonly reward: Readonly<Record<string, Json>>;
  readonly windowSeconds: number;
  readonly learning: boolean;
  readonly withhold: { readonly share: number; readonly steadyFor: 'day' };
}

/** Sends where a play is brought about, and withholds a fifth so that this is measured. */
export const messagePolicy: MessagePolicy = {
  id: 'messages-by-lift',
  key: 'notifications',
  title: 'Messages by what they bring',
  params: {
    cost: 0.01,
    by: ['hasUnfinished'],
    wrappers: [{ key: 'contact-rules', params: { mostPerDay: 1, mostPerWeek: 3, leastFit: 0.4 } }],
  },
  floor: 0.05,
  reward: {
    // Played is played: what names the message, another decision, or none.
    outcomes: [{ name: 'play' }, { name: 'play', of: 'unit' }],
    combine: 'any',
    incremental: {},
  },
  windowSeconds: messageWindowHours * 3600,
  learning: true,
  withhold: { share: 0.2, steadyFor: 'day' },
};

/** Members with a phone get messages by the policy, or none at all: what all of it brings. */
export const messageExperiment: ReadyExperiment = {
  experiment: {
    key: 'messages-by-lift',
    title: 'Messages by what they bring',
    surface: 'message.push',
    layer: 'push',
    unitType: 'member',
    status: 'running',
    layerRange: [0, 1],
    traffic: 1,
    targeting: null,
    phase: 1,
    salt: 'messages-by-lift',
    shippedArm: null,
    arms: [
      {
        key: 'control',
        title: 'No messages',
        weight: 1,
        isControl: true,
        treatment: { kind: 'value', value: silentMessage },
      },
      {
        key: 'by-lift',
        title: 'Messages by lift',
        weight: 4,
        isControl: false,
        treatment: { kind: 'policy', policyId: messagePolicy.id, steadyFor: 'decision' },
      },
    ],
  },
  hypothesis:
    'Members who get a message when it brings something come back more often, and nobody is annoyed.',
  decisionMetric: 'sessions-per-week',
  secondaryMetrics: ['watch-minutes'],
  guardrailMetrics: ['cancellations'],
  minimumDays: 7,
};

/** Foresees visits; trains when the demo's traffic begins, and every night. */
export const nextVisitPolicy = {
  id: 'next-visit',
  key: 'anticipatory',
  title: 'Next visit: when, and to what',
  params: {},
  exploration: { key: 'greedy', params: {} },
  floor: 0,
  reward: { outcomes: [{ name: 'play' }], combine: 'sum' },
  windowSeconds: 86_400,
  learning: true,
  training: { schedule: { at: '03:00', timeZone: 'UTC' }, promote: 'auto' },
} as const;
