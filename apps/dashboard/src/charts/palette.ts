/** Colour, dash and marker of a series; never colour alone. The control or baseline is always series 0. */
export interface SeriesLook {
  color: string;
  dash: string | undefined;
}

const DASHES = [undefined, undefined, '7 4', '2 3', '10 3 2 3', '5 2'] as const;

/** The look of series `index`; from the seventh on, grey. */
export function seriesLook(index: number): SeriesLook {
  if (index > 5) return { color: 'var(--mq-rest)', dash: '2 2' };
  return { color: `var(--mq-s${index})`, dash: DASHES[index] };
}

/** Recharts' axis and grid in the theme's colours. */
export const AXIS = {
  stroke: 'var(--mq-line-strong)',
  tick: { fill: 'var(--mq-muted)', fontSize: 12 },
  tickLine: false,
} as const;

export const TOOLTIP_STYLE = {
  background: 'var(--mq-panel)',
  border: '1px solid var(--mq-line-strong)',
  borderRadius: 8,
  fontSize: 13,
  color: 'var(--mq-text)',
} as const;
