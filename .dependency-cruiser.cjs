/** The table of docs/explanation/architecture.md as a check. */
const lib = (name) => `^libs/${name}/`;
const outside = '(@nestjs|typeorm|bullmq|ioredis|pg|pg-copy-streams|fastify|react|@mantine|recharts)(/|$)';
const features = 'events|experiments|policies|catalog|units|serving|operations|items|layers|metrics|surfaces';
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'experiments-imports-nothing-of-ours',
      severity: 'error',
      from: { path: lib('experiments') },
      to: { path: '^(libs/(?!experiments/)|apps/|migrations/)' },
    },
    {
      name: 'policies-and-metrics-import-experiments-only',
      severity: 'error',
      from: { path: '^libs/(policies|metrics|simulation)/' },
      to: { path: '^(libs/(?!experiments/|policies/|metrics/|simulation/)|apps/|migrations/)' },
    },
    {
      name: 'policies-not-metrics',
      severity: 'error',
      from: { path: lib('policies') },
      to: { path: '^libs/(metrics|simulation)/' },
    },
    {
      name: 'metrics-not-policies',
      severity: 'error',
      from: { path: lib('metrics') },
      to: { path: '^libs/(policies|simulation)/' },
    },
    {
      name: 'simulation-only-experiments',
      severity: 'error',
      from: { path: lib('simulation') },
      to: { path: '^libs/(policies|metrics)/' },
    },
    {
      name: 'calibration-only-experiments-and-metrics',
      severity: 'error',
      from: { path: lib('calibration') },
      to: { path: '^(libs/(?!calibration/|experiments/|metrics/)|apps/|migrations/)' },
    },
    {
      name: 'libs-are-pure',
      severity: 'error',
      from: { path: '^libs/(experiments|policies|metrics|simulation)/', pathNot: '\\.spec\\.ts$' },
      to: { path: `node_modules/${outside}` },
    },
    {
      name: 'libs-have-no-io',
      severity: 'error',
      from: {
        path: '^libs/(experiments|policies|metrics|simulation)/',
        pathNot: '(\\.spec\\.ts|/testing/|/reference/)',
      },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'dashboard-knows-http-only',
      severity: 'error',
      from: { path: '^apps/dashboard/' },
      to: { path: '^(libs/|apps/(api|cli)/|migrations/)' },
    },
    {
      name: 'client-knows-http-only',
      severity: 'error',
      from: { path: lib('client') },
      to: { path: '^(libs/(?!client/)|apps/|migrations/)' },
    },
    {
      // Apart from: `access` (keys, audit), which all use; `reports` over `rollups`; `history`, `off-policy` and `policy-audits`,
      // which compose; `rewards`, ready-made definitions for `catalog` and `policies`.
      name: 'feature-not-feature',
      severity: 'error',
      from: { path: `^apps/api/src/(${features})/`, pathNot: '\\.spec\\.ts$' },
      to: { path: `^apps/api/src/(${features}|reports|rollups|history)/`, pathNot: '^apps/api/src/$1/' },
    },
    {
      name: 'reports-and-rollups-by-themselves',
      severity: 'error',
      from: { path: '^apps/api/src/(reports|rollups)/', pathNot: '\\.spec\\.ts$' },
      to: { path: `^apps/api/src/(${features}|history)/` },
    },
    {
      name: 'persistence-not-controllers',
      severity: 'error',
      from: { path: '^apps/api/src/persistence/' },
      to: { path: '\\.(controller|processor)\\.ts$' },
    },
    {
      name: 'cli-not-api-controllers',
      severity: 'error',
      from: { path: '^apps/cli/' },
      to: { path: '^apps/api/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
  },
};
