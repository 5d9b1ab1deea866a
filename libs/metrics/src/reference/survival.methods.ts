import { z } from 'zod';
import {
  coxRegression,
  kaplanMeier,
  logRankTest,
  medianSurvival,
  restrictedMeanDifference,
  survivalAt,
  survivalDifferenceAt,
  survivalInterval,
} from '../survival/index.js';
import type { SurvivalCurve, SurvivalScale } from '../survival/index.js';
import type { ReferenceMethod } from './methods.js';

const numbers = z.array(z.number());
const units = z.object({ time: numbers, event: numbers });
const grouped = units.extend({ group: numbers });
const alpha = z.number().default(0.05);

function pointsAt(curve: SurvivalCurve, times: readonly number[], level: number, scale: SurvivalScale) {
  const points = times.map((time) => survivalAt(curve, time));
  const bounds = points.map((point) => survivalInterval(point, level, scale));
  return {
    survival: points.map((point) => point.survival),
    se: points.map((point) => point.standardError),
    lower: bounds.map(([lower]) => lower),
    upper: bounds.map(([, upper]) => upper),
  };
}

export const survivalMethods: Record<string, ReferenceMethod> = {
  km(input) {
    const p = units.extend({ alpha, at: numbers.default([]) }).parse(input);
    const result = kaplanMeier(p);
    if (result.status !== 'ok') return { ...result };
    const { curve } = result;
    const { median, lower, upper } = medianSurvival(curve, p.alpha);
    return {
      status: 'ok',
      time: curve.time,
      n_risk: curve.atRisk,
      n_event: curve.events,
      survival: curve.survival,
      greenwood_se: curve.standardError,
      median,
      median_ci_log_log: [lower, upper],
      at_plain: pointsAt(curve, p.at, p.alpha, 'plain'),
      at_log: pointsAt(curve, p.at, p.alpha, 'log'),
      at_log_log: pointsAt(curve, p.at, p.alpha, 'log-log'),
    };
  },
  logrank(input) {
    const p = grouped.extend({ rho: z.number().default(0), stratum: numbers.nullish() }).parse(input);
    const result = logRankTest(p, p.group, {
      rho: p.rho,
      ...(p.stratum && { stratum: p.stratum }),
    });
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      chi2: result.chi2,
      df: result.df,
      p_value: result.pValue,
      observed: result.observed,
      expected_events: result.expected,
    };
  },
  cox(input) {
    const p = grouped
      .extend({
        ties: z.enum(['efron', 'breslow']).default('efron'),
        alpha,
        covariates: numbers.nullish(),
      })
      .parse(input);
    const result = coxRegression(p, p.group, {
      alpha: p.alpha,
      ties: p.ties,
      covariates: p.covariates ? [p.covariates] : [],
    });
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      log_hr: result.logHazardRatio,
      se: result.standardError,
      hazard_ratio: result.hazardRatio,
      ci_lower: result.lower,
      ci_upper: result.upper,
      wald_p: result.waldP,
      loglik_null: result.logLikelihoodNull,
      loglik: result.logLikelihood,
      lr_chi2: result.likelihoodRatioChi2,
      lr_p: result.likelihoodRatioP,
      score_chi2: result.scoreChi2,
      score_p: result.scoreP,
      ...(p.covariates && { covariate_coef: result.covariateCoefficients[0] }),
    };
  },
  rmst(input) {
    const p = grouped.extend({ tau: z.number(), alpha }).parse(input);
    const result = restrictedMeanDifference(p, p.group, p.tau, p.alpha);
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      rmst_control: result.control,
      se_control: result.standardErrorControl,
      rmst_treatment: result.treatment,
      se_treatment: result.standardErrorTreatment,
      difference: result.difference,
      se: result.standardError,
      ci_lower: result.lower,
      ci_upper: result.upper,
      p_value: result.pValue,
      ratio: result.ratio,
      ratio_ci_lower: result.ratioLower,
      ratio_ci_upper: result.ratioUpper,
    };
  },
  km_diff_at(input) {
    const p = grouped.extend({ at: z.number(), alpha }).parse(input);
    const result = survivalDifferenceAt(p, p.group, p.at, p.alpha);
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      control: result.control,
      treatment: result.treatment,
      difference: result.difference,
      se: result.standardError,
      z: result.z,
      p_value: result.pValue,
      ci_lower: result.lower,
      ci_upper: result.upper,
    };
  },
};
