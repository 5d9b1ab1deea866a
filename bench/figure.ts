/** One measured figure beside its ceiling, both from the same run. */
export interface Figure {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly value: number;
  /** What the same machine did at the same time without Marquee; null where the target is absolute. */
  readonly ceiling: number | null;
  readonly ratio: number | null;
  readonly target: Target;
  readonly met: boolean;
  /** Other numbers of the measurement, by name. */
  readonly details: Readonly<Record<string, number | string>>;
}

/** `ratio` compares with the ceiling, `value` with the figure itself. */
export interface Target {
  readonly of: 'ratio' | 'value';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Fills in ratio and verdict. @param ceiling null where the target is absolute. */
export function figureOf(
  input: Pick<Figure, 'key' | 'title' | 'unit' | 'value' | 'ceiling' | 'target'>,
  details: Figure['details'] = {},
): Figure {
  const ratio = input.ceiling === null ? null : input.value / input.ceiling;
  const judged = input.target.of === 'ratio' ? ratio : input.value;
  const met =
    judged !== null &&
    judged >= (input.target.atLeast ?? -Infinity) &&
    judged <= (input.target.atMost ?? Infinity);
  return { ...input, ratio, met, details };
}

const number = (value: number): string => {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value.toFixed(value === 0 ? 0 : 2);
};

function targetText({ of, atLeast, atMost }: Target): string {
  const bound = atLeast === undefined ? `<= ${atMost ?? ''}` : `>= ${atLeast}`;
  return of === 'ratio' ? `ratio ${bound}` : bound;
}

/** The figures as an aligned table, and the details of each below it. */
export function tableOf(figures: readonly Figure[]): string {
  const header = ['figure', 'measured', 'ceiling', 'ratio', 'target', ''];
  const rows = figures.map((figure) => [
    figure.title,
    `${number(figure.value)} ${figure.unit}`,
    figure.ceiling === null ? '' : `${number(figure.ceiling)} ${figure.unit}`,
    figure.ratio === null ? '' : figure.ratio.toFixed(2),
    targetText(figure.target),
    figure.met ? 'met' : 'MISSED',
  ]);
  const widths = header.map((_title, i) =>
    Math.max(...[header, ...rows].map((row) => (row[i] as string).length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd();
  const details = figures.map(
    ({ key, details: more }) =>
      `  ${key}: ${Object.entries(more)
        .map(([name, value]) => `${name} ${typeof value === 'number' ? number(value) : value}`)
        .join(', ')}`,
  );
  return [
    line(header),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
    ...details,
  ].join('\n');
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? NaN;
}

/** Mean of the middle two for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return low === undefined || high === undefined ? NaN : (low + high) / 2;
}

/** Lowest and highest, as a text. */
export function span(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)} and ${Math.max(...values).toFixed(2)}`;
}
