import { NativeSelect } from '@mantine/core';
import type { ReactElement } from 'react';
import { useDiversity } from '../../../api/policy-lists.js';
import type { Policy } from '../../../api/types.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { useUrlState } from '../../../ui/url-state.js';
import { FairnessPanel } from './fairness-panel.js';
import { Figures } from './figures.js';
import { MixAndTop } from './mix-and-top.js';
import { PinsPanel } from './pins-panel.js';

const PERIODS = [
  { value: '7', label: '7 days' },
  { value: '14', label: '14 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
];

/** Whether members sit in bubbles, whether those close, and who gets what. */
export function DiversityTab({ policy }: { policy: Policy }): ReactElement {
  const [chosen, setDays] = useUrlState('days');
  const days = PERIODS.some(({ value }) => value === chosen) ? chosen : '14';
  const query = useDiversity(policy.id, days);
  return (
    <div className={layout.stack}>
      <Panel
        title="What lists look like"
        note="The first 20 places of the newest 10,000 decisions of the period at most."
        actions={
          <NativeSelect
            size="xs"
            aria-label="Period"
            data={PERIODS}
            value={days}
            onChange={({ currentTarget }) =>
              setDays(currentTarget.value === '14' ? null : currentTarget.value)
            }
          />
        }
      >
        <QueryBoundary
          query={query}
          what="lists"
          lines={10}
          isEmpty={(data) => data.total.lists === 0}
          empty={<StateMessage icon="policies" title={`No decision in ${days} days`} />}
        >
          {(data) => (
            <div className={layout.stack}>
              <Figures id={policy.id} data={data} />
              <MixAndTop id={policy.id} data={data} />
            </div>
          )}
        </QueryBoundary>
      </Panel>
      <FairnessPanel id={policy.id} days={days} />
      <PinsPanel id={policy.id} />
    </div>
  );
}
