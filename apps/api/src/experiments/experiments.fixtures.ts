/** What the specs look at of an experiment. */
export interface Row {
  key: string;
  status: string;
  version: number;
  phase: number;
  layerRange: [number, number];
  startedAt: string | null;
}

export const arm = (key: string, parts: Record<string, unknown> = {}) => ({
  key,
  weight: 1,
  isControl: key === 'control',
  treatment: { kind: 'value', value: { rows: key } },
  ...parts,
});
/** Complete: it can start. */
export const draft = (key: string, parts: Record<string, unknown> = {}) => ({
  key,
  title: `The ${key} experiment`,
  hypothesis: 'Fresh rows make members watch more',
  surface: 'home.hero',
  layer: 'home',
  arms: [arm('control'), arm('new')],
  decisionMetric: 'watch-minutes',
  guardrailMetrics: ['cancellations'],
  ...parts,
});
