import type { Report } from '../../api/types.js';
import type { BandMark } from '../../charts/band-chart.js';

/** Changes while it ran, as the health check has found them, one mark a day. */
export function editMarks(report: Report): BandMark[] {
  const edits = report.health.find((check) => check.key === 'edit')?.rows ?? [];
  const days = new Map<string, string[]>();
  for (const { label, text } of edits) {
    const day = label.slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), text.split(';')[0] ?? text]);
  }
  return [...days].map(([x, kinds]) => ({ x, label: [...new Set(kinds)].join(', ') }));
}
