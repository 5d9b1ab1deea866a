import { DASH } from './number.js';

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const SHORT_DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DATE_TIME = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

function parse(iso: string | null | undefined): Date | null {
  if (iso === null || iso === undefined) return null;
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? null : date;
}

function formatted(iso: string | null | undefined, format: Intl.DateTimeFormat): string {
  const date = parse(iso);
  return date === null ? DASH : format.format(date);
}

/** `21 Nov 2026`, in the reader's time zone. */
export const date = (iso: string | null | undefined): string => formatted(iso, DATE);
/** `21 Nov`. */
export const shortDate = (iso: string | null | undefined): string => formatted(iso, SHORT_DATE);
/** `14:02:31`. */
export const time = (iso: string | null | undefined): string => formatted(iso, TIME);
/** `21 Nov 2026, 14:02`. */
export const dateTime = (iso: string | null | undefined): string => formatted(iso, DATE_TIME);

const STEPS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** The largest fitting unit: `3 d`, `4 h`, `12 min`, `0.4 s`. */
export function duration(seconds: number | null | undefined): string {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return DASH;
  if (seconds > 0 && seconds < 1) return `${seconds.toFixed(1)} s`;
  for (const [size, unit] of STEPS) {
    if (Math.abs(seconds) >= size) return `${Math.round(seconds / size)} ${unit}`;
  }
  return '0 s';
}

/** `3 d ago`; `in 3 d` for the future. */
export function ago(iso: string | null | undefined, now = Date.now()): string {
  const date = parse(iso);
  if (date === null) return DASH;
  const seconds = (now - date.getTime()) / 1000;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds < 0 ? `in ${duration(-seconds)}` : `${duration(seconds)} ago`;
}

/** Whole days between two moments, at least 0. */
export function daysBetween(from: string | null, to: string | number): number | null {
  const start = parse(from);
  if (start === null) return null;
  return Math.max(0, Math.floor((new Date(to).getTime() - start.getTime()) / 86_400_000));
}

/** Microseconds as `412 µs` or `1.8 ms`. */
export function micros(value: number | null | undefined): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return DASH;
  return value < 1000 ? `${Math.round(value)} µs` : `${(value / 1000).toFixed(1)} ms`;
}
