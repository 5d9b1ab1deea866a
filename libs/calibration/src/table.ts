import type { Finding } from './run-claims.js';

const shown = (value: number | null, as: Finding['shownAs']): string => {
  if (value === null) return '';
  if (!Number.isFinite(value)) return 'none';
  return as === 'share' ? `${(100 * value).toFixed(value < 0.005 ? 4 : 2)} %` : value.toFixed(4);
};

function bandText({ band, shownAs }: Finding): string {
  const [lower, upper] = [shown(band.lower, shownAs), shown(band.upper, shownAs)];
  if (lower === '') return `<= ${upper}`;
  if (upper === '') return `>= ${lower}`;
  return `${lower} to ${upper}`;
}

function resultText({ inside, mustFail, met }: Finding): string {
  const place = inside ? 'inside' : 'outside';
  return `${place}${mustFail ? ', must be outside' : ''}${met ? '' : ' FAILED'}`;
}

/** The findings as a Markdown table, one line per check. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map((finding, i) => [
    finding.claim === findings[i - 1]?.claim ? '' : finding.title,
    finding.claim === findings[i - 1]?.claim ? '' : finding.design,
    finding.text,
    finding.n.toLocaleString('en'),
    bandText(finding),
    shown(finding.observed, finding.shownAs),
    resultText(finding),
  ]);
  const head = ['claim', 'design', 'measure', 'N', 'band', 'observed', 'result'];
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] as string).length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] as number)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
