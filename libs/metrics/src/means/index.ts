export { clusterMeanTest, clusterMoments } from './cluster.js';
export type { ClusterTest } from './cluster.js';
export { clusterKind, clusterMean, hasClusterForm } from './cluster-mean.js';
export { logLift } from './log-lift.js';
export type { LogLift } from './log-lift.js';
export { pooledTTest } from './pooled-t.js';
export { clip, pooledCaps, winsorize } from './winsorize.js';
export type { CapOptions, Caps, Winsorized } from './winsorize.js';
