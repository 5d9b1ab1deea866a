import { SegmentedControl } from '@mantine/core';
import type { ReactElement } from 'react';
import { useAllocation } from '../../api/queries.js';
import { AllocationChart } from '../../charts/allocation-chart.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';

const SPANS = [
  { value: '24', label: '24 hours', bucket: 'hour', hours: 1, each: 'hour' },
  { value: '168', label: '7 days', bucket: 'hour', hours: 6, each: '6 hours' },
  { value: '672', label: '28 days', bucket: 'day', hours: 24, each: 'day' },
] as const;

/** Which action was served how often, over time. */
export function AllocationPanel({ id }: { id: string }): ReactElement {
  const [hours, setHours] = useUrlState('hours');
  const span = SPANS.find((entry) => entry.value === hours) ?? SPANS[1];
  // Chosen in the panel of actions below; both show the same subject.
  const [subject] = useUrlState('subject');
  const query = useAllocation(id, Number(span.value), span.bucket, subject || null);
  return (
    <Panel
      title="Allocation over time"
      note={`Share of decisions per action and ${span.each}${subject ? `, for ${subject}` : ''}.`}
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Time span"
          data={SPANS.map(({ value, label }) => ({ value, label }))}
          value={span.value}
          onChange={setHours}
        />
      }
    >
      <QueryBoundary
        query={query}
        what="allocation"
        lines={8}
        isEmpty={(data) => data.points.every((point) => point.decisions === 0)}
        empty={
          <StateMessage icon="chart" title="No decision in this span">
            The policy was not asked, or it was created later.
          </StateMessage>
        }
      >
        {(data) => <AllocationChart data={data} hours={span.hours} />}
      </QueryBoundary>
    </Panel>
  );
}
