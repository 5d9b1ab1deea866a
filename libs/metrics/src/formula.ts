import type { Effect, Moments, MetricDefinition } from './contract.js';
import { contrast } from './contrast.js';
import type { Contrast } from './contrast.js';
import { signedPercent } from './prose.js';

const { abs } = Math;

/** Seven significant digits: enough to follow the sum by hand, and to see that it is right. */
function figure(value: number): string {
  const text = Number(abs(value).toPrecision(7)).toString();
  return value < 0 && text !== '0' ? `\u2212${text}` : text;
}

/** A number that follows a minus or times sign. */
const bracketed = (value: number): string => (value < 0 ? `(${figure(value)})` : figure(value));

const whole = (value: number): string => value.toLocaleString('en-US');

/**
 * How an effect follows from the moments of its two arms, one step a line, each in words and then with the numbers put
 * in: values of the arms, slope of the covariate, difference, standard error, interval, lift. Empty where the effect is
 * undefined. The same moments always give the same lines.
 */
export function formulaOf(
  control: Moments,
  treatment: Moments,
  effect: Effect,
  kind: MetricDefinition['kind'],
): string[] {
  const found = contrast(control, treatment, { kind, adjust: effect.adjusted });
  if (!found.ok || effect.status === 'undefined') return [];
  const c = found.contrast;
  return [
    armLine('Control', control, kind, c.control.mean),
    armLine('Treatment', treatment, kind, c.treatment.mean),
    ...(c.adjusted ? [slopeLine(c, kind)] : []),
    differenceLine(control, treatment, c),
    errorLine(control, treatment, c, kind),
    ...intervalLine(effect, c),
    ...liftLine(effect, c),
  ];
}

function armLine(name: string, m: Moments, kind: MetricDefinition['kind'], value: number): string {
  if (kind === 'ratio')
    return `${name} = mean numerator / mean denominator = ${figure(m.mean[0])} / ${figure(m.mean[1])} = ${figure(value)} (n ${whole(m.n)})`;
  if (kind === 'mean') return `${name} = mean over units = ${figure(value)} (n ${whole(m.n)})`;
  const hits = Math.round(m.n * m.mean[0]);
  return `${name} = units with it / units = ${whole(hits)} / ${whole(m.n)} = ${figure(value)}`;
}

function slopeLine(c: Contrast, kind: MetricDefinition['kind']): string {
  const what = kind === 'ratio' ? 'linearised value' : 'value';
  return `CUPED slope θ = covariance of ${what} and pre-period value / variance of pre-period value, both arms = ${figure(c.theta)}`;
}

function differenceLine(control: Moments, treatment: Moments, c: Contrast): string {
  const plain = `${figure(c.treatment.mean)} − ${bracketed(c.control.mean)}`;
  if (!c.adjusted) return `Difference = treatment − control = ${plain} = ${figure(c.estimate)}`;
  return `Difference = treatment − control − θ × (difference of pre-period means) = ${plain} − ${bracketed(c.theta)} × (${figure(treatment.mean[2])} − ${bracketed(control.mean[2])}) = ${figure(c.estimate)}`;
}

/** Variance of what is averaged in one arm: the value, or the linearised ratio, less theta times the covariate. */
function unitVariance(m: Moments, kind: MetricDefinition['kind'], theta: number): number {
  const [yy, dd, xx, yd, yx, dx] = m.comoment;
  const ratio = kind === 'ratio' ? m.mean[0] / m.mean[1] : 0;
  const scale = kind === 'ratio' ? m.mean[1] : 1;
  const uu = (yy - 2 * ratio * yd + ratio * ratio * dd) / (scale * scale);
  const ux = (yx - ratio * dx) / scale;
  return Math.max(0, uu + theta * theta * xx - 2 * theta * ux) / (m.n - 1);
}

function errorLine(
  control: Moments,
  treatment: Moments,
  c: Contrast,
  kind: MetricDefinition['kind'],
): string {
  const base =
    kind === 'ratio' ? 'linearised value (numerator − ratio × denominator) / mean denominator' : 'value';
  const what = c.adjusted ? `${base} − θ × pre-period value` : base;
  const part = (m: Moments): string => `${figure(unitVariance(m, kind, c.theta))} / ${whole(m.n)}`;
  return `Standard error = √(s² / n of treatment + s² / n of control), s² the variance of the ${what} = √(${part(treatment)} + ${part(control)}) = ${figure(c.standardError)}`;
}

function intervalLine(effect: Effect, c: Contrast): string[] {
  const { interval } = effect;
  if (!interval || interval.lower === null || interval.upper === null) return [];
  const factor = (interval.upper - interval.lower) / 2 / c.standardError;
  const name = `${Number((interval.level * 100).toPrecision(6))} % ${interval.kind} interval`;
  return [
    `${name} = difference ± ${figure(factor)} × standard error = ${figure(interval.lower)} to ${figure(interval.upper)}`,
  ];
}

function liftLine({ relative }: Effect, c: Contrast): string[] {
  if (relative.estimate === null || relative.status === 'undefined') return [];
  const line = `Lift = difference / |control| = ${figure(c.estimate)} / ${figure(abs(c.baseline))} = ${signedPercent(relative.estimate, 3)}`;
  const { interval } = relative;
  if (!interval || interval.lower === null || interval.upper === null) return [line];
  return [
    `${line}; interval by Fieller with the same factor: ${signedPercent(interval.lower, 3)} to ${signedPercent(interval.upper, 3)}`,
  ];
}
