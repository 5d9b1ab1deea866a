import { percent, pValueText } from '../prose.js';
import { ratesOverPeriods } from '../sequential/rates-over-periods.js';
import { defineCheck, units } from './define-check.js';
import type { EventRateFact } from './facts.js';

/** Of the prior around equal rates; the calibration table pins the test at this value. */
export const RATE_CONCENTRATION = 100;
const FAIL = 0.001;
const WARN = 0.01;
/** A rate that is higher by less than this, beyond doubt, is worth a look and holds nothing back. */
const MATTERS = 1.05;
/** "install" and "terror" are none. */
const HARMFUL =
  /(?<!t)error|fail|crash|exception|fatal|timeout|(?<!in)stall|uninstall|rebuffer|cancel|unsubscribe|refund|complain/i;

/** Whether more of an event is bad news, by its name: errors, failures, cancellations and the like. */
export const isHarmfulEvent = (name: string): boolean => HARMFUL.test(name);

interface Found {
  readonly fact: EventRateFact;
  readonly pValue: number;
  readonly ratio: number | null;
  /** Least ratio that the counts allow, at the level of the warning. */
  readonly atLeast: number;
  readonly excess: number;
}

/** Pairs of an arm and an event whose rate is above control's; p-values times the number of pairs (Bonferroni). */
function aboveControl(facts: readonly EventRateFact[]): Found[] {
  return facts.flatMap((fact): Found[] => {
    const rates = ratesOverPeriods(fact.periods, RATE_CONCENTRATION, WARN / facts.length);
    if (rates.status !== 'ok') return [];
    const expected = fact.periods.reduce(
      (sum, { weights: [control, arm], events }) =>
        control > 0 && arm > 0 ? sum + (events[0] * arm) / control : sum,
      0,
    );
    const above = rates.rateRatio === null || rates.rateRatio > 1;
    if (!above) return [];
    const pValue = Math.min(1, rates.pValue * facts.length);
    // Where no single ratio explains all periods, the one that fits best stands in.
    const atLeast = rates.interval?.lower ?? rates.rateRatio ?? Infinity;
    return [
      { fact, pValue, ratio: rates.rateRatio, atLeast, excess: Math.max(0, rates.events[1] - expected) },
    ];
  });
}

const factor = (ratio: number | null): string =>
  ratio === null ? 'and control has none' : `${ratio.toFixed(2)} times control’s rate`;

export const eventRatesCheck = defineCheck({
  key: 'event-rates',
  title: 'Rates of errors and cancellations',
  description:
    'Units that had an error-like event or cancelled since they were exposed, arm against control, by a test that may be looked at at any time.',
  rule: 'Warns when more units of an arm than of control had an error-like or cancel event with an always-valid p below 0.01; fails below 0.001 where the rate is also at least 1.05 times control’s beyond doubt; p times the number of arms and events looked at (Bonferroni).',
  threshold: FAIL,
  causes: [
    'The treatment breaks something: look at when the rate left control’s',
    'It breaks for some clients only: look at the segments',
    'The treatment is used more, so there are more occasions: compare the event per use, as a ratio metric',
    'The event is sent more often by the treatment’s client, although nothing is worse',
  ],
  next: [
    'Look at the Canary panel on Over time for when it began',
    'Pause the experiment, or give the arm no traffic, until the cause is known',
    'Start anew after the repair, because units of this phase have seen the fault',
  ],
  judge({ eventRates }) {
    if (!eventRates || eventRates.length === 0) return null;
    const firing = aboveControl(eventRates)
      .filter(({ pValue }) => pValue < WARN)
      .sort((a, b) => a.pValue - b.pValue);
    const worst = firing[0];
    if (!worst)
      return {
        status: 'pass',
        explanation: `None of ${eventRates.length} rates of errors and cancellations is clearly above control’s.`,
      };
    const failing = firing
      .filter(({ pValue, atLeast }) => pValue < FAIL && atLeast > MATTERS)
      .map(({ fact }) => fact.arm);
    return {
      status: failing.length > 0 ? 'fail' : 'warn',
      ...(failing.length > 0 ? { arms: [...new Set(failing)] } : {}),
      value: worst.pValue,
      unitsAffected: Math.round(Math.max(...firing.map(({ excess }) => excess))),
      explanation: `${worst.fact.event} in ${worst.fact.arm}: ${factor(worst.ratio)}, always-valid ${pValueText(worst.pValue)}; about ${units(worst.excess)} more than at control’s rate.`,
      rows: firing.map(({ fact, ratio, pValue, excess }) => ({
        label: `${fact.event}, ${fact.arm}`,
        text: `${factor(ratio)}; ${pValueText(pValue)}; ${units(excess)} more (${percent(shareOfArm(fact, excess), 1)} of those with it)`,
      })),
    };
  },
});

function shareOfArm({ periods }: EventRateFact, excess: number): number {
  const all = periods.reduce((sum, { events }) => sum + events[1], 0);
  return all > 0 ? excess / all : 0;
}
