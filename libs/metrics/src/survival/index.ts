export { restrictedMean, restrictedMeanDifference, survivalDifferenceAt } from './arm-differences.js';
export type { NormalDifference, RestrictedMeanResult } from './arm-differences.js';
export type { CoxTies } from './cox-likelihood.js';
export { coxRegression } from './cox.js';
export type { CoxOptions, CoxResult } from './cox.js';
export { kaplanMeier, medianSurvival, survivalAt, survivalInterval } from './kaplan-meier.js';
export type { SurvivalBounds, SurvivalCurve, SurvivalPoint, SurvivalScale } from './kaplan-meier.js';
export { logRankTest } from './log-rank.js';
export type { LogRankOptions, LogRankResult } from './log-rank.js';
export { proportionalityCheck } from './proportionality.js';
export type { HazardPart, Proportionality } from './proportionality.js';
export type { FollowUp, RiskTable } from './risk-table.js';
export { supportedTime } from './supported-time.js';
export { LEAST_AT_RISK, supportedDay, survivalReport } from './survival-report.js';
export type {
  ArmComparison,
  ArmFollowUp,
  ArmSurvival,
  SurvivalDay,
  SurvivalReport,
  SurvivalReportOptions,
} from './survival-report.js';
