import type { ReactElement } from 'react';
import type { PolicyDiversity } from '../../../api/policy-lists.js';
import { ChartFrame } from '../../../charts/chart-frame.js';
import { count, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import layout from '../../../ui/layout.module.css';

type Mix = PolicyDiversity['mix'][number];
type Top = PolicyDiversity['mostShown'][number];

const MIX: Column<Mix>[] = [
  { key: 'value', title: 'Value', cell: ({ value }) => value },
  { key: 'share', title: 'Share of places', align: 'right', cell: ({ share }) => percent(share) },
];
const TOP: Column<Top>[] = [
  { key: 'title', title: 'Title', cell: ({ title }) => title },
  { key: 'shown', title: 'Shown', align: 'right', cell: ({ shown }) => count(shown) },
  { key: 'share', title: 'Share of places', align: 'right', cell: ({ share }) => percent(share) },
];

/** What was shown in all: by genre, and the titles that take most places. */
export function MixAndTop({ id, data }: { id: string; data: PolicyDiversity }): ReactElement {
  const top = data.mostShown.reduce((sum, { share }) => sum + share, 0);
  return (
    <div className={layout.stack}>
      <ChartFrame
        title={`Mix of ${id}`}
        summary={
          data.mix.length === 0
            ? `No title has the feature "${data.feature}".`
            : `${data.mix[0]?.value ?? ''} takes the most places, ${percent(data.mix[0]?.share ?? null)}.`
        }
        headings={{ value: data.feature, share: 'Share of places' }}
        rows={data.mix.map(({ share, value }) => ({ id: value, cells: { value, share } }))}
        format={(_key, value) => (typeof value === 'number' ? percent(value) : (value ?? '—'))}
      >
        <DataTable
          caption={`Mix by ${data.feature}`}
          columns={MIX}
          rows={data.mix}
          rowKey={({ value }) => value}
          step={8}
          dense
        />
      </ChartFrame>
      <ChartFrame
        title={`Most shown titles of ${id}`}
        summary={`The ${data.mostShown.length} titles shown most take ${percent(top)} of all places.`}
        headings={{ id: 'Id', title: 'Title', shown: 'Shown', share: 'Share of places' }}
        rows={data.mostShown.map((one) => ({ id: one.id, cells: { ...one } }))}
        format={(key, value) => {
          if (typeof value !== 'number') return value ?? '—';
          return key === 'share' ? percent(value) : count(value);
        }}
      >
        <DataTable
          caption="Most shown titles"
          columns={TOP}
          rows={data.mostShown}
          rowKey={(one) => one.id}
          dense
        />
      </ChartFrame>
    </div>
  );
}
