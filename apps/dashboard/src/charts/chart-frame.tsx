import { Button, Group } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useId, useRef, useState } from 'react';
import { DataTable } from '../ui/data-table.js';
import type { Column } from '../ui/data-table.js';
import { Icon } from '../ui/icon.js';
import { CsvButton } from './csv-button.js';
import { PngButton } from './png-button.js';
import styles from './chart-frame.module.css';

export interface TwinRow {
  id: string;
  cells: Record<string, string | number | null>;
}

interface ChartFrameProps {
  /** What the chart is called; also the file name of its CSV. */
  title: string;
  /** One sentence that says what the chart shows now; read by screen readers. */
  summary: string;
  /** The same data as a table: heading per cell key. */
  headings: Record<string, string>;
  rows: readonly TwinRow[];
  format?: (key: string, value: string | number | null) => string;
  legend?: ReactNode;
  /** Over which data, by which method and as of when, for the caption of its picture. */
  source?: string;
  /** Starts as a table, for charts whose table says more than the picture. */
  children: ReactNode;
}

/** Every chart stands in one: summary for screen readers, table twin, CSV, PNG. */
export function ChartFrame(props: ChartFrameProps): ReactElement {
  const { title, summary, headings, rows, legend, children } = props;
  const format = props.format ?? ((_key, value) => (value === null ? '—' : String(value)));
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  const legendPart = useRef<HTMLDivElement>(null);
  const chartPart = useRef<HTMLDivElement>(null);
  const columns: Column<TwinRow>[] = Object.entries(headings).map(([key, heading], index) => ({
    key,
    title: heading,
    align: index === 0 ? 'left' : 'right',
    cell: (row) => format(key, row.cells[key] ?? null),
  }));
  return (
    <figure className={styles.frame} aria-describedby={id}>
      <div className={styles.bar}>
        <div ref={legendPart} className={styles.legend}>
          {legend}
        </div>
        <Group gap={4} wrap="nowrap">
          <Button
            variant="subtle"
            color="gray"
            size="compact-xs"
            leftSection={<Icon name={asTable ? 'chart' : 'table'} size={14} />}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? 'Chart' : 'Table'}
          </Button>
          <CsvButton title={title} headings={headings} rows={rows} />
          {asTable ? null : (
            <PngButton
              title={title}
              caption={[summary, props.source ?? '']}
              parts={() => [legendPart.current, chartPart.current]}
            />
          )}
        </Group>
      </div>
      {asTable ? (
        <DataTable
          caption={title}
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          dense
          maxHeight={360}
        />
      ) : (
        <div ref={chartPart} role="group" aria-label={`${title}. ${summary}`}>
          {children}
        </div>
      )}
      <figcaption id={id} className={styles.caption}>
        {summary}
      </figcaption>
    </figure>
  );
}

/** One series in a legend: its line or area, and its name. */
interface LegendItemProps {
  color: string;
  dash?: string;
  label: string;
  /** A filled square, for areas. */
  area?: boolean;
}

export function LegendItem({ color, dash, label, area = false }: LegendItemProps): ReactElement {
  return (
    <span className={styles.item}>
      <svg width={area ? 12 : 22} height="12" viewBox={area ? '0 0 12 12' : '0 0 22 12'} aria-hidden="true">
        {area ? (
          <rect width="12" height="12" rx="3" fill={color} />
        ) : (
          <line x1="1" x2="21" y1="6" y2="6" stroke={color} strokeWidth="3" strokeDasharray={dash} />
        )}
      </svg>
      {label}
    </span>
  );
}
