import type { ReactElement } from 'react';
import type { BandSeries } from '../../charts/band-chart.js';
import { LegendItem } from '../../charts/chart-frame.js';
import { seriesLook } from '../../charts/palette.js';

/** One legend item per arm, with its colour and dash. */
export function armLegend(series: readonly BandSeries[]): ReactElement[] {
  return series.map(({ key, title, look }) => {
    const { color, dash } = seriesLook(look);
    return <LegendItem key={key} color={color} label={title} {...(dash === undefined ? {} : { dash })} />;
  });
}
