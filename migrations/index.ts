import { CreateSchema1764000000000 } from './1764000000000-create-schema.js';
import { Learning1764000200000 } from './1764000200000-learning.js';
import { Maintenance1764000300000 } from './1764000300000-maintenance.js';
import { UnitValues1764000400000 } from './1764000400000-unit-values.js';
import { Metrics1764100000000 } from './1764100000000-metrics.js';
import { HealthMutes1764400000000 } from './1764400000000-health-mutes.js';
import { Trends1764500000000 } from './1764500000000-trends.js';
import { RollupChanges1764600000000 } from './1764600000000-rollup-changes.js';
import { LateRewards1764700000001 } from './1764700000001-late-rewards.js';
import { ShadowAndSlices1764700000002 } from './1764700000002-shadow-and-slices.js';
import { PolicyAudits1764700000003 } from './1764700000003-policy-audits.js';
import { EventRates1764750000000 } from './1764750000000-event-rates.js';
import { OffPolicyRuns1764800000001 } from './1764800000001-off-policy-runs.js';
import { Signals1764850000001 } from './1764850000001-signals.js';
import { Stacks1764850000002 } from './1764850000002-stacks.js';
import { ActiveDays1764900000001 } from './1764900000001-active-days.js';
import { Withholding1764900000010 } from './1764900000010-withholding.js';
import { TrainingRuns1764900000040 } from './1764900000040-training-runs.js';
import { NotPersonalised1764900000041 } from './1764900000041-not-personalised.js';
import { WarmStarts1764900000050 } from './1764900000050-warm-starts.js';
import { PolicyRevision1764900000060 } from './1764900000060-policy-revision.js';
import { Checkpoints1764900000100 } from './1764900000100-checkpoints.js';
import { Traffic1764900000160 } from './1764900000160-traffic.js';
import { Guardrails1764900000190 } from './1764900000190-guardrails.js';
import { Lifecycle1764900000191 } from './1764900000191-lifecycle.js';
import { Pages1764900000090 } from './1764900000090-pages.js';
import { PageRevision1764900000140 } from './1764900000140-page-revision.js';
import { Features1764900000130 } from './1764900000130-features.js';
import { Assignment1764900000150 } from './1764900000150-assignment.js';
import { ClusterMoments1764900000230 } from './1764900000230-cluster-moments.js';
import { Rerandomise1764900000231 } from './1764900000231-rerandomise.js';
import { HashVersion1764900000261 } from './1764900000261-hash-version.js';
import { ManagedParts1764900000260 } from './1764900000260-managed-parts.js';
import { ManagedResources1764900000200 } from './1764900000200-managed-resources.js';
import { Webhooks1764900000180 } from './1764900000180-webhooks.js';
import { AssignmentHealth1764900000210 } from './1764900000210-assignment-health.js';
import { WatchedAgain1764900000225 } from './1764900000225-watched-again.js';
import { LayerUnits1764900000250 } from './1764900000250-layer-units.js';
import { AskedMark1764900000251 } from './1764900000251-asked-mark.js';
import { ClusterRates1764900000252 } from './1764900000252-cluster-rates.js';
import { ExperimentViews1764900000226 } from './1764900000226-experiment-views.js';

/** In order; the only list of migrations. */
export const migrations = [
  CreateSchema1764000000000,
  Learning1764000200000,
  Maintenance1764000300000,
  UnitValues1764000400000,
  Metrics1764100000000,
  HealthMutes1764400000000,
  Trends1764500000000,
  RollupChanges1764600000000,
  LateRewards1764700000001,
  ShadowAndSlices1764700000002,
  PolicyAudits1764700000003,
  EventRates1764750000000,
  OffPolicyRuns1764800000001,
  Signals1764850000001,
  Stacks1764850000002,
  ActiveDays1764900000001,
  Withholding1764900000010,
  TrainingRuns1764900000040,
  NotPersonalised1764900000041,
  WarmStarts1764900000050,
  PolicyRevision1764900000060,
  Pages1764900000090,
  Checkpoints1764900000100,
  Features1764900000130,
  PageRevision1764900000140,
  Assignment1764900000150,
  Traffic1764900000160,
  Webhooks1764900000180,
  Guardrails1764900000190,
  Lifecycle1764900000191,
  ManagedResources1764900000200,
  AssignmentHealth1764900000210,
  WatchedAgain1764900000225,
  ExperimentViews1764900000226,
  ClusterMoments1764900000230,
  Rerandomise1764900000231,
  LayerUnits1764900000250,
  AskedMark1764900000251,
  ClusterRates1764900000252,
  ManagedParts1764900000260,
  HashVersion1764900000261,
];
