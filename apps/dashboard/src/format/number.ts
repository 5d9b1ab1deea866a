/** What every figure that cannot be given looks like; the reason stands beside it. */
export const DASH = '—';
const MINUS = '−';

/** Number or nothing: NaN and infinities never reach the page. */
export function finite(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function minus(text: string): string {
  return text.replace(/^-/, MINUS);
}

function plain(value: number, digits: number): string {
  const text = value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  // A rounded negative zero is a zero.
  return minus(/^-[0.,]*$/.test(text) ? text.slice(1) : text);
}

/** Digits after the point for about three significant ones, at most `most`. */
function digitsFor(value: number, most: number): number {
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return 0;
  if (size >= 10) return 1;
  if (size >= 1) return 2;
  return most;
}

/** A count: `12,345`. */
export function count(value: number | null | undefined): string {
  const number = finite(value);
  return number === null ? DASH : plain(number, 0);
}

/** A count for narrow places: `1.2M`. */
export function compact(value: number | null | undefined): string {
  const number = finite(value);
  if (number === null) return DASH;
  return minus(number.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 }));
}

/** A number with about three significant digits: `0.0412`, `3.14`, `12,300`. */
export function decimal(value: number | null | undefined, most = 4): string {
  const number = finite(value);
  return number === null ? DASH : plain(number, digitsFor(number, most));
}

/** A share of one as a percentage: 0.1234 -> `12.3%`. */
export function percent(share: number | null | undefined, digits = 1): string {
  const number = finite((finite(share) ?? NaN) * 100);
  return number === null ? DASH : `${plain(number, digits)}%`;
}

/** A probability, with more digits where it is small: `18.0%`, `0.4%`, `0.02%`, `< 0.01%`. */
export function probability(share: number | null | undefined): string {
  const number = finite(share);
  if (number === null) return DASH;
  if (number > 0 && number < 0.0001) return '< 0.01%';
  return percent(number, number > 0 && number < 0.001 ? 2 : 1);
}

/** A relative lift with its sign: `+2.1%`. */
export function lift(share: number | null | undefined): string {
  const number = finite(share);
  if (number === null) return DASH;
  const text = percent(number, Math.abs(number) < 0.0995 ? 2 : 1);
  return number > 0 && text !== DASH ? `+${text}` : text;
}

/** Two significant digits without trailing zeros, for thresholds: `0.001`, `0.62`, `14`. */
export function significant(value: number | null | undefined): string {
  const number = finite(value);
  if (number === null) return DASH;
  if (number !== 0 && Math.abs(number) < 0.0001) return number > 0 ? '< 0.0001' : '> −0.0001';
  return minus(String(Number(number.toPrecision(Math.abs(number) >= 100 ? 6 : 2))));
}

/** A number to seven significant digits, for readers who work it out again: `0.2143127`, `1,204.5`. */
export function exact(value: number | null | undefined): string {
  const number = finite(value);
  if (number === null) return DASH;
  const rounded = Number(number.toPrecision(7));
  if (rounded !== 0 && Math.abs(rounded) < 1e-6) return minus(String(rounded));
  return minus(rounded.toLocaleString('en-US', { maximumFractionDigits: 12 }));
}

/** A p-value: `< 0.001`, `0.034`. */
export function pValue(value: number | null | undefined): string {
  const number = finite(value);
  if (number === null) return DASH;
  return number < 0.001 ? '< 0.001' : plain(number, 3);
}

/** Bytes: `12.4 MB`. */
export function bytes(value: number | null | undefined): string {
  const number = finite(value);
  if (number === null) return DASH;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, number < 1 ? 0 : Math.floor(Math.log10(number) / 3));
  return `${plain(number / 1000 ** power, power === 0 ? 0 : 1)} ${units[power] ?? 'B'}`;
}

/** `1 unit`, `2 units`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
