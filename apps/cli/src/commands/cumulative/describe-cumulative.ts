import type { ComparisonResult, LookResult, Sign } from './analyse-cumulative.js';

const HEADINGS = [
  'experiment',
  'variant',
  'metric',
  'days',
  'looks',
  'units',
  'difference',
  'p, Welch',
  'at the end',
  'first day',
  'changes',
  'p, always valid',
  'at the end',
  'first day',
  'changes',
];
/** Columns of words; the others are numbers. */
const WORDS = new Set([0, 1, 2, 8, 12]);

function number(value: number | null): string {
  if (value === null) return '–';
  const text = Number(value.toPrecision(3)).toString();
  return value < 0 ? `\u2212${text.slice(1)}` : text;
}

function pText(value: number | null): string {
  if (value === null) return '–';
  return value < 0.0001 ? '< 0.0001' : value.toFixed(4);
}

const dayText = (day: number | null): string => (day === null ? 'never' : String(Number(day.toFixed(2))));

function judgementCells(result: ComparisonResult, which: 'fixed' | 'alwaysValid'): string[] {
  const judged = result.last?.[which];
  return [
    pText(judged?.pValue ?? null),
    judged?.sign ?? '–',
    dayText(result.firstDay[which]),
    String(result.changes[which]),
  ];
}

function cellsOf(result: ComparisonResult): string[] {
  const { last } = result;
  return [
    result.experiment,
    result.variant,
    result.metric,
    dayText(last?.day ?? null),
    String(result.looks.length),
    last ? last.units.toLocaleString('en') : '–',
    number(last?.difference ?? null),
    ...judgementCells(result, 'fixed'),
    ...judgementCells(result, 'alwaysValid'),
  ];
}

const isClear = (sign: Sign | undefined): boolean => sign !== undefined && sign !== 'not clear';

/** How often the two ways of looking say something, and how often they take it back. */
export function countVerdicts(results: readonly ComparisonResult[]) {
  const judged = results.filter(({ last }) => last !== null);
  const count = (which: 'fixed' | 'alwaysValid') => {
    const ever = judged.filter(({ firstDay }) => firstDay[which] !== null);
    const atEnd = judged.filter(({ last }) => isClear(last?.[which].sign));
    return {
      ever: ever.length,
      atEnd: atEnd.length,
      takenBack: ever.filter(({ last }) => !isClear(last?.[which].sign)).length,
    };
  };
  return {
    comparisons: results.length,
    judged: judged.length,
    fixed: count('fixed'),
    alwaysValid: count('alwaysValid'),
  };
}

function summary(results: readonly ComparisonResult[], alpha: number): string[] {
  const { comparisons, judged, fixed, alwaysValid } = countVerdicts(results);
  const sentence = (name: string, { ever, atEnd, takenBack }: typeof fixed): string =>
    `${name}: clear at some look in ${ever}, clear at the end in ${atEnd}, taken back by the end in ${takenBack}.`;
  return [
    `${comparisons} comparisons, of which ${judged} could be judged; alpha ${alpha}.`,
    sentence("Welch's t at every look", fixed),
    sentence('Confidence sequence', alwaysValid),
  ];
}

/** Clear at the end by Welch's t, or at any look by the confidence sequence. */
const telling = (results: readonly ComparisonResult[]): ComparisonResult[] =>
  results.filter(({ last, firstDay }) => isClear(last?.fixed.sign) || firstDay.alwaysValid !== null);

/** For a terminal: every comparison as a line of an aligned table, then the counts. */
export function describeCumulative(results: readonly ComparisonResult[], alpha: number): string {
  const rows = [HEADINGS, ...results.map(cellsOf)];
  const widths = HEADINGS.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (WORDS.has(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return `${[...lines, '', ...summary(results, alpha)].join('\n')}\n`;
}

function markdownTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  words: Set<number>,
): string[] {
  const all = [headings, ...rows];
  const widths = headings.map((_, i) => Math.max(3, ...all.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (words.has(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, i) => (words.has(i) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(headings), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}

/** One comparison look by look: the first look, every look at which a sign changed, the last one. */
function overTime(result: ComparisonResult): string[] {
  const { looks } = result;
  const changed = (look: LookResult, i: number): boolean => {
    const before = looks[i - 1];
    return (
      before === undefined ||
      i === looks.length - 1 ||
      before.fixed.sign !== look.fixed.sign ||
      before.alwaysValid.sign !== look.alwaysValid.sign
    );
  };
  return markdownTable(
    [
      'day',
      'units',
      'difference',
      'p, Welch',
      "Welch's t says",
      'p, always valid',
      'confidence sequence says',
    ],
    looks
      .filter(changed)
      .map((look) => [
        dayText(look.day),
        look.units.toLocaleString('en'),
        number(look.difference),
        pText(look.fixed.pValue),
        look.fixed.sign,
        pText(look.alwaysValid.pValue),
        look.alwaysValid.sign,
      ]),
    new Set([4, 6]),
  );
}

/** For the documentation: counts, the telling comparisons, and look by look the one that changed most often. */
export function cumulativeMarkdown(results: readonly ComparisonResult[], alpha: number): string {
  const shown = telling(results);
  const restless = [...results].sort((a, b) => b.changes.fixed - a.changes.fixed)[0];
  return `${[
    ...summary(results, alpha).map((sentence) => `- ${sentence}`),
    '',
    ...markdownTable(HEADINGS, shown.map(cellsOf), WORDS),
    ...(restless
      ? [
          '',
          `Experiment ${restless.experiment}, variant ${restless.variant}, metric ${restless.metric}, at the looks where something changed:`,
          '',
          ...overTime(restless),
        ]
      : []),
  ].join('\n')}\n`;
}
