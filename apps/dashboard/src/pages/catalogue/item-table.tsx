import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { query, segment } from '../../api/http.js';
import type { ItemCoverage } from '../../api/item-coverage.js';
import { count, percent } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import { Figure } from '../../ui/estimate.js';
import { Pill } from '../../ui/status.js';
import policies from '../policies/policies.module.css';

const columns = (days: string): Column<ItemCoverage>[] => [
  {
    key: 'title',
    title: 'Item',
    cell: (item) => (
      <div className={policies.name}>
        <Link className="mq-link" to={`/catalogue/${segment(item.id)}${query({ days })}`}>
          {item.title}
        </Link>
        <span className={policies.note}>{item.id}</span>
      </div>
    ),
  },
  {
    key: 'state',
    title: 'State',
    cell: (item) => (
      <div className={policies.pair}>
        {item.available ? null : <Pill label="Not available" icon="pause" />}
        {item.cold ? <Pill label="Cold" icon="snow" /> : null}
        {item.available && !item.cold ? <span className={policies.note}>known</span> : null}
      </div>
    ),
  },
  { key: 'features', title: 'Features', align: 'right', cell: (item) => count(item.features) },
  { key: 'variants', title: 'Variants', align: 'right', cell: (item) => count(item.variants) },
  { key: 'exposures', title: 'Exposures', align: 'right', cell: (item) => count(item.exposures) },
  {
    key: 'share',
    title: 'Share',
    align: 'right',
    cell: (item) => <Figure text={percent(item.exposureShare)} reason="Not available, or nothing was seen" />,
  },
  { key: 'outcomes', title: 'Outcomes', align: 'right', cell: (item) => count(item.outcomes) },
  { key: 'units', title: 'Units', align: 'right', cell: (item) => count(item.units) },
  { key: 'last', title: 'Last outcome', cell: (item) => <When at={item.lastOutcomeAt} /> },
];

export function ItemTable({ items, days }: { items: readonly ItemCoverage[]; days: string }): ReactElement {
  return (
    <DataTable caption="Items" columns={columns(days)} rows={items} rowKey={({ id }) => id} step={100} />
  );
}
