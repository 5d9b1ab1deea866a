import { NativeSelect } from '@mantine/core';
import type { ReactElement } from 'react';
import { useFairness } from '../../../api/policy-lists.js';
import type { GroupComparison, GroupFigures, PolicyFairness } from '../../../api/policy-lists.js';
import { ChartFrame } from '../../../charts/chart-frame.js';
import { count, decimal, humanise, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Stat, Stats } from '../../../ui/details.js';
import { Figure } from '../../../ui/estimate.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { Pill } from '../../../ui/status.js';
import { useUrlState } from '../../../ui/url-state.js';

const STATES = {
  ok: { icon: 'check', tone: 'good', label: 'Within the threshold' },
  watch: { icon: 'info', tone: 'plain', label: 'Watch: below, not certain' },
  alarm: { icon: 'warning', tone: 'bad', label: 'Alarm: certainly below' },
} as const;
const REASONS = {
  too_few_groups: 'Fewer than two groups with enough members',
  no_reward: 'No group has a reward yet',
};

const interval = ({ lower, upper }: { lower: number | null; upper: number | null }): string =>
  lower === null || upper === null ? '—' : `${decimal(lower, 3)} to ${decimal(upper, 3)}`;

/** Exposure and reward of segments of members and of groups of titles, worst against best. */
export function FairnessPanel({ id, days }: { id: string; days: string }): ReactElement {
  const [chosen, setSegment] = useUrlState('segment');
  const query = useFairness(id, days, chosen === '' ? null : chosen);
  const attributes = query.data?.attributes ?? [];
  return (
    <Panel
      title="Who gets what"
      note="Exposure and settled reward by segment of members and by group of titles; 95% intervals with members as clusters."
      actions={
        attributes.length < 2 ? undefined : (
          <NativeSelect
            size="xs"
            aria-label="Segment by"
            data={attributes.map((name) => ({ value: name, label: humanise(name) }))}
            value={query.data?.segment ?? ''}
            onChange={({ currentTarget }) => setSegment(currentTarget.value)}
          />
        )
      }
    >
      <QueryBoundary
        query={query}
        what="groups"
        lines={8}
        isEmpty={(data) => data.decisions === 0}
        empty={<StateMessage icon="policies" title={`No decision in ${days} days`} />}
      >
        {(data) => <Fairness id={id} data={data} />}
      </QueryBoundary>
    </Panel>
  );
}

function Fairness({ id, data }: { id: string; data: PolicyFairness }): ReactElement {
  return (
    <div className={layout.stack}>
      {data.segments === null || data.segment === null ? null : (
        <Groups
          title={`By ${humanise(data.segment).toLowerCase()}`}
          id={id}
          comparison={data.segments}
          per="decision"
          threshold={data.threshold}
        />
      )}
      <Groups
        title={`By ${humanise(data.feature).toLowerCase()}`}
        id={id}
        comparison={data.groups}
        per="place"
        threshold={data.threshold}
      />
      {data.cells.length === 0 ? null : <Cells id={id} data={data} />}
    </div>
  );
}

interface GroupsProps {
  title: string;
  id: string;
  comparison: GroupComparison;
  per: string;
  threshold: number;
}

function Groups({ comparison, id, per, threshold, title }: GroupsProps): ReactElement {
  const { groups, ratio, reason } = comparison;
  const why = reason === null ? '' : REASONS[reason];
  const columns: Column<GroupFigures>[] = [
    { key: 'group', title: 'Group', cell: ({ group }) => group },
    { key: 'members', title: 'Members', align: 'right', cell: ({ members }) => count(members) },
    { key: 'share', title: 'Exposure', align: 'right', cell: ({ exposureShare }) => percent(exposureShare) },
    {
      key: 'reward',
      title: `Reward per ${per}`,
      align: 'right',
      cell: ({ reward }) => <Figure text={decimal(reward, 3)} reason="Nothing is settled yet" />,
    },
    { key: 'interval', title: 'Interval', align: 'right', cell: interval },
  ];
  return (
    <div>
      <Stats>
        <Stat
          label={`${title}: worst to best`}
          value={ratio === null ? '—' : decimal(ratio.ratio, 2)}
          note={ratio === null ? why : `${ratio.worst} against ${ratio.best}; ${interval(ratio)}`}
        />
        <Stat
          label="Threshold"
          value={decimal(threshold, 2)}
          note={ratio === null ? 'not compared' : <Pill {...STATES[ratio.state]} />}
        />
      </Stats>
      <ChartFrame
        title={`${title}, ${id}`}
        summary={
          ratio === null
            ? `${why}.`
            : `${ratio.worst} gets ${decimal(ratio.ratio, 2)} of what ${ratio.best} gets. ${STATES[ratio.state].label}.`
        }
        headings={{
          group: 'Group',
          members: 'Members',
          shown: 'Shown',
          exposureShare: 'Exposure',
          reward: 'Reward',
          lower: 'Lower',
          upper: 'Upper',
        }}
        rows={groups.map((one) => ({ id: one.group, cells: { ...one } }))}
        format={cellText}
      >
        <DataTable
          caption={title}
          columns={columns}
          rows={groups}
          rowKey={({ group }) => group}
          step={12}
          dense
        />
      </ChartFrame>
    </div>
  );
}

function cellText(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  if (key === 'members' || key === 'shown') return count(value);
  return key === 'exposureShare' ? percent(value) : decimal(value, 3);
}

type Cell = PolicyFairness['cells'][number];

const CELLS: Column<Cell>[] = [
  { key: 'segment', title: 'Segment', cell: ({ segment }) => segment },
  { key: 'group', title: 'Group', cell: ({ group }) => group },
  { key: 'share', title: 'Exposure', align: 'right', cell: ({ exposureShare }) => percent(exposureShare) },
  {
    key: 'reward',
    title: 'Reward per place',
    align: 'right',
    cell: ({ reward }) => <Figure text={decimal(reward, 3)} reason="Nothing is settled yet" />,
  },
  { key: 'interval', title: 'Interval', align: 'right', cell: interval },
];

function Cells({ id, data }: { id: string; data: PolicyFairness }): ReactElement {
  return (
    <ChartFrame
      title={`Segments and groups, ${id}`}
      summary="What each segment was shown, by group of titles; shares are of the segment’s places."
      headings={{
        segment: 'Segment',
        group: 'Group',
        shown: 'Shown',
        exposureShare: 'Exposure',
        reward: 'Reward',
        lower: 'Lower',
        upper: 'Upper',
      }}
      rows={data.cells.map((one) => ({ id: `${one.segment}/${one.group}`, cells: { ...one } }))}
      format={cellText}
    >
      <DataTable
        caption="Segments and groups"
        columns={CELLS}
        rows={data.cells}
        rowKey={({ group, segment }) => `${segment}/${group}`}
        step={10}
        dense
      />
    </ChartFrame>
  );
}
