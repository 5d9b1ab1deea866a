import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { segment } from '../../api/http.js';
import type { PageLevel } from '../../api/pages.js';
import { useCatalog } from '../../api/queries.js';
import type { Worn } from '../../api/types.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';
import type { Decider } from './deciders.js';

const LEVEL: Record<PageLevel, string> = { rows: 'Rows', titles: 'Titles', artwork: 'Artwork' };

/** Policies that decide on the page now, with what goes around them. */
export function DecidersPanel({ deciders }: { deciders: readonly Decider[] }): ReactElement {
  const wrappers = useCatalog().data?.wrappers ?? [];
  const columns: Column<Decider>[] = [
    { key: 'level', title: 'Level', cell: ({ level }) => LEVEL[level] },
    {
      key: 'policy',
      title: 'Policy',
      cell: ({ policy }) => (
        <Link className="mq-link" to={`/policies/${segment(policy.id)}/setup`}>
          {policy.title || policy.id}
        </Link>
      ),
    },
    {
      key: 'around',
      title: 'Re-rankers and limits',
      cell: ({ policy }) => {
        const worn = (policy.params['wrappers'] ?? []) as unknown as Worn[];
        if (worn.length === 0) return 'none';
        return worn.map(({ key }) => wrappers.find((one) => one.key === key)?.title ?? key).join(', ');
      },
    },
    {
      key: 'experiment',
      title: 'In the experiment',
      cell: ({ experiment }) => (
        <Link className="mq-link" to={`/experiments/${segment(experiment.key)}`}>
          {experiment.title || experiment.key}
        </Link>
      ),
    },
  ];
  return (
    <Panel
      title="Who decides"
      note="Policies with an arm in a live experiment on these surfaces. Re-rankers, boosts and filters of a policy are changed in its set-up, where the change is previewed."
      flush
    >
      {deciders.length === 0 ? (
        <StateMessage title="No policy decides here">
          Each level has the default order of its surface until an experiment gives a policy an arm.
        </StateMessage>
      ) : (
        <DataTable
          caption="Who decides"
          columns={columns}
          rows={deciders}
          rowKey={({ level, policy, experiment }) => `${level} ${policy.id} ${experiment.key}`}
          dense
        />
      )}
    </Panel>
  );
}
