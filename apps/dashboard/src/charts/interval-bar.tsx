import type { ReactElement } from 'react';
import type { Direction } from '../format/index.js';
import { finite } from '../format/index.js';
import styles from './interval-bar.module.css';

/** A symmetric domain around zero that holds every given number, rounded up to a readable step. */
export function symmetricDomain(values: readonly (number | null | undefined)[], least = 0.01): number {
  const largest = Math.max(least, ...values.map((value) => Math.abs(finite(value) ?? 0)));
  const power = 10 ** Math.floor(Math.log10(largest));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((multiple) => multiple * power >= largest - 1e-12) ?? 10;
  return step * power;
}

/** A domain for many intervals: wide enough for most, so that one huge interval doesn't squeeze the others. */
export function robustDomain(ends: readonly (number | null | undefined)[], least = 0.01): number {
  const sizes = ends
    .map((end) => Math.abs(finite(end) ?? 0))
    .filter((size) => size > 0)
    .sort((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
  return symmetricDomain([Math.min(sizes.at(-1) ?? 0, 4 * median)], least);
}

interface IntervalBarProps {
  estimate: number | null;
  lower: number | null;
  upper: number | null;
  /** Half-width of the axis; what lies beyond is cut off and marked by an arrow. */
  domain: number;
  direction: Direction;
  width?: number;
  height?: number;
  /** Greys everything: the numbers must not be read as a result. */
  muted?: boolean;
}

/**
 * Interval, point and zero line. The glyph says what the colour says: triangle up for better, down for worse,
 * circle for unclear. Decoration for sighted readers: the numbers stand beside it as text.
 */
export function IntervalBar(props: IntervalBarProps): ReactElement {
  const { estimate, lower, upper, domain, direction, width = 120, height = 20, muted = false } = props;
  const middle = height / 2;
  const shown = muted ? 'unclear' : direction;
  const span = spanOf(lower, upper, domain);
  const inside = estimate !== null && Math.abs(estimate) <= domain;
  return (
    <svg
      className={styles[muted ? 'muted' : direction]}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      <line className={styles.zero} x1={width / 2} x2={width / 2} y1={1} y2={height - 1} />
      {span === null ? null : (
        <>
          <line className={styles.bar} x1={span.from * width} x2={span.to * width} y1={middle} y2={middle} />
          {span.cutLeft ? <Arrow x={1} y={middle} turn={-1} /> : null}
          {span.cutRight ? <Arrow x={width - 1} y={middle} turn={1} /> : null}
        </>
      )}
      {inside ? <Point x={place(estimate, domain) * width} y={middle} direction={shown} /> : null}
    </svg>
  );
}

/** Place of a value on the axis from -domain to domain, in [0, 1]; what lies beyond stands at the end. */
export function place(value: number, domain: number): number {
  return (Math.max(-domain, Math.min(domain, value)) + domain) / (2 * domain);
}

export interface Span {
  from: number;
  to: number;
  /** The interval goes on beyond the axis. */
  cutLeft: boolean;
  cutRight: boolean;
}

/** The part of an interval that the axis shows; null without an interval. An open end is cut off. */
export function spanOf(
  lower: number | null | undefined,
  upper: number | null | undefined,
  domain: number,
): Span | null {
  const low = finite(lower);
  const high = finite(upper);
  if (low === null && high === null) return null;
  const from = low ?? -Infinity;
  const to = high ?? Infinity;
  return { from: place(from, domain), to: place(to, domain), cutLeft: from < -domain, cutRight: to > domain };
}

function Arrow({ x, y, turn }: { x: number; y: number; turn: 1 | -1 }): ReactElement {
  return <path className={styles.arrow} d={`M${x} ${y} l${-5 * turn} -4 v8 z`} />;
}

/** The point of an estimate; its shape carries the direction. */
export function Point({ x, y, direction }: { x: number; y: number; direction: Direction }): ReactElement {
  if (direction === 'better') return <path className={styles.point} d={`M${x} ${y - 5.5} l5.5 9.5 h-11 z`} />;
  if (direction === 'worse') return <path className={styles.point} d={`M${x} ${y + 5.5} l5.5 -9.5 h-11 z`} />;
  return <circle className={styles.point} cx={x} cy={y} r={4} />;
}
