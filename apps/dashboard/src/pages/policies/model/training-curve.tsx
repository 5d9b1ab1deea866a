import type { ReactElement } from 'react';
import type { TrainingRun } from '../../../api/types.js';
import { BandChart } from '../../../charts/band-chart.js';
import type { BandPoint, BandSeries } from '../../../charts/band-chart.js';
import { ChartFrame, LegendItem } from '../../../charts/chart-frame.js';
import { seriesLook } from '../../../charts/palette.js';
import { count, significant } from '../../../format/index.js';

type Point = TrainingRun['curve'][number];
type Measure = 'loss' | 'validation';

const HEADINGS = { fit: 'Fit', epoch: 'Pass', loss: 'Loss', validation: 'Validation' };
const FITS = { judged: 'the fit that is judged', final: 'the final fit on everything' } as const;

const SERIES: readonly (BandSeries & { fit: Point['fit']; measure: Measure })[] = [
  { key: 'judged/loss', title: 'Loss, judged fit', look: 0, fit: 'judged', measure: 'loss' },
  { key: 'final/loss', title: 'Loss, final fit', look: 1, fit: 'final', measure: 'loss' },
  {
    key: 'judged/validation',
    title: 'Validation, judged fit',
    look: 2,
    fit: 'judged',
    measure: 'validation',
  },
  { key: 'final/validation', title: 'Validation, final fit', look: 3, fit: 'final', measure: 'validation' },
];

function summaryOf(curve: readonly Point[]): string {
  const parts = (['judged', 'final'] as const).flatMap((fit) => {
    const losses = curve.flatMap((point) => (point.fit === fit && point.loss !== undefined ? [point] : []));
    const [first, last] = [losses[0], losses.at(-1)];
    if (first === undefined || last === undefined) return [];
    return [
      `Loss of ${FITS[fit]}: ${significant(first.loss)} after pass ${first.epoch}, ${significant(last.loss)} after pass ${last.epoch}`,
    ];
  });
  return parts.length === 0 ? 'The model reported no loss.' : `${parts.join('; ')}.`;
}

/** What the model reported pass by pass, with its table twin. */
export function TrainingCurve({ run }: { run: TrainingRun }): ReactElement {
  const { curve } = run;
  const shown = SERIES.filter(({ fit, measure }) =>
    curve.some((point) => point.fit === fit && point[measure] !== undefined),
  );
  const epochs = [...new Set(curve.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  const valueAt = (epoch: number, fit: Point['fit'], measure: Measure): number | null =>
    curve.find((point) => point.epoch === epoch && point.fit === fit)?.[measure] ?? null;
  const points: BandPoint[] = epochs.map((epoch) => ({
    x: String(epoch),
    values: Object.fromEntries(
      shown.map(({ key, fit, measure }) => [
        key,
        { value: valueAt(epoch, fit, measure), lower: null, upper: null },
      ]),
    ),
  }));
  return (
    <ChartFrame
      title={`Training curve of ${run.id}`}
      summary={summaryOf(curve)}
      headings={HEADINGS}
      rows={curve.map(({ fit, epoch, loss, validation }) => ({
        id: `${fit}/${epoch}`,
        cells: { fit: FITS[fit], epoch, loss: loss ?? null, validation: validation ?? null },
      }))}
      format={(key, value) =>
        typeof value === 'number' ? (key === 'epoch' ? count(value) : significant(value)) : (value ?? '—')
      }
      legend={shown.map(({ key, title, look }) => (
        <LegendItem key={key} label={title} {...lookOf(look)} />
      ))}
    >
      <BandChart
        series={shown}
        points={points}
        formatX={(epoch) => epoch}
        formatY={significant}
        labelX="Passes over the data"
        height={220}
      />
    </ChartFrame>
  );
}

function lookOf(look: number): { color: string; dash?: string } {
  const { color, dash } = seriesLook(look);
  return dash === undefined ? { color } : { color, dash };
}
