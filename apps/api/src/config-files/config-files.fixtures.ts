export const REPOSITORY = 'https://code.example/streaming/experiments';
export const arm = (key: string, parts: object = {}) => ({
  key,
  weight: 1,
  ...(key === 'control' ? { isControl: true } : {}),
  treatment: { kind: 'value', value: { rows: key } },
  ...parts,
});
export const experiment = (key: string, parts: object = {}) => ({
  key,
  title: `The ${key} experiment`,
  hypothesis: 'Fresh rows make members watch more',
  surface: 'home.hero',
  layer: 'home',
  arms: [arm('control'), arm('new')],
  decisionMetric: 'watch-minutes',
  ...parts,
});
/** A project of everything. */
export const FILES = {
  unitTypes: [{ key: 'screen', title: 'Screen', contextField: 'screenId' }],
  layers: [
    { key: 'home', title: 'Home' },
    { key: 'price', title: 'Price', salt: 'an-older-salt' },
  ],
  surfaces: [
    { key: 'home.hero', title: 'Hero', kind: 'value', defaultValue: { rows: 'default' } },
    { key: 'title.artwork', title: 'Artwork', kind: 'action', candidateKind: 'artwork' },
  ],
  metrics: [
    {
      key: 'plays',
      title: 'Plays',
      description: 'How often something was played',
      measuredIn: 'count',
      betterWhen: 'higher',
      family: 'engagement',
      kind: 'count',
      numerator: { events: ['play'], fold: 'count', scope: 'unit' },
    },
  ],
  segments: [{ key: 'french', title: 'French', condition: { attribute: 'country', op: 'eq', value: 'FR' } }],
  policies: [
    // Its shadow comes later in the file, and has to be there before.
    {
      id: 'pictures',
      key: 'thompson-beta',
      title: 'Pictures',
      shadow: { policyId: 'plain' },
      rewardPreset: 'play-two-minutes',
    },
    { id: 'plain', key: 'thompson-beta', title: 'Plain', params: { priorAlpha: 2 } },
  ],
  experiments: [
    experiment('second', {
      layerRange: [0.5, 0.6],
      prerequisites: [{ experiment: 'first', arms: ['new'] }],
      surface: 'title.artwork',
      arms: [
        arm('control', { treatment: { kind: 'value', value: 'a' } }),
        arm('new', { treatment: { kind: 'policy', policyId: 'pictures' } }),
      ],
    }),
    experiment('first', {
      layerRange: [0, 0.5],
      otherLayers: [{ layer: 'price', share: 0.25 }],
      targeting: { segment: 'french' },
      secondaryMetrics: ['plays'],
      traffic: 0.5,
      tags: ['home'],
    }),
  ],
};
/** What GrowthBook's API answers. */
export const GROWTHBOOK = {
  features: [
    {
      id: 'checkout',
      valueType: 'json',
      defaultValue: '{"step":0}',
      environments: {
        production: {
          enabled: true,
          defaultValue: '{"step":1}',
          rules: [
            {
              type: 'experiment-ref',
              id: 'fr_1',
              enabled: true,
              experimentId: 'exp_1',
              variations: [
                { variationId: 'v0', value: '{"step":1}' },
                { variationId: 'v1', value: '{"step":2}' },
              ],
            },
          ],
        },
      },
    },
  ],
  experiments: [
    {
      id: 'exp_1',
      trackingKey: 'shorter checkout',
      name: 'Shorter checkout',
      hypothesis: 'Fewer steps, more orders',
      status: 'running',
      hashAttribute: 'id',
      hashVersion: 2,
      variations: [
        { variationId: 'v0', key: '0', name: 'Control' },
        { variationId: 'v1', key: '1', name: 'Short' },
      ],
      phases: [
        {
          seed: 'a-seed',
          coverage: 0.8,
          trafficSplit: [
            { variationId: 'v0', weight: 0.3 },
            { variationId: 'v1', weight: 0.7 },
          ],
          targetingCondition: '{"country":"FR"}',
        },
      ],
      settings: { goals: [{ metricId: 'met_1' }] },
    },
    {
      id: 'exp_2',
      trackingKey: 'old',
      hypothesis: 'As it was before',
      status: 'running',
      hashVersion: 1,
      variations: [
        { variationId: 'v0', key: '0', name: 'Control' },
        { variationId: 'v1', key: '1', name: 'New' },
      ],
      phases: [{ namespace: { namespaceId: 'ns-old', range: [0.1, 0.9] } }],
      settings: { goals: [{ metricId: 'met_1' }] },
    },
    {
      id: 'exp_3',
      trackingKey: 'odd',
      status: 'running',
      hashVersion: 3,
      variations: [{ variationId: 'v0' }],
      phases: [{}],
    },
  ],
};
