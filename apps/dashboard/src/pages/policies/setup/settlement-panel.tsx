import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { useSettlement } from '../../../api/policy-changes.js';
import type { Settlement } from '../../../api/policy-changes.js';
import type { Policy } from '../../../api/types.js';
import { count, decimal, duration } from '../../../format/index.js';
import { Facts } from '../../../ui/details.js';
import { Missing } from '../../../ui/estimate.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';

const HOURS = 24;

/** How long rewards wait, what was settled lately, and what was left out of learning. */
export function SettlementPanel({ policy }: { policy: Policy }): ReactElement {
  return (
    <Panel
      title="Settlement of rewards"
      note={
        <>
          {policy.windowSeconds === 0
            ? 'A reward is settled at the first matching outcome.'
            : `A reward is settled ${duration(policy.windowSeconds)} after its decision.`}{' '}
          How late outcomes come: <Link to={`/policies/${policy.id}/exploration`}>reward delay</Link>.
        </>
      }
    >
      <QueryBoundary query={useSettlement(policy.id, HOURS)} what="settlement">
        {(settlement) => <Facts columns facts={facts(settlement)} />}
      </QueryBoundary>
    </Panel>
  );
}

const facts = (of: Settlement): { label: string; value: ReactElement | string }[] => [
  { label: `Rewards settled in ${HOURS} hours`, value: count(of.rewards) },
  {
    label: 'Their mean',
    value: of.meanReward === null ? <Missing reason="Nothing settled" /> : decimal(of.meanReward),
  },
  { label: `Outcomes after their window, ${HOURS} hours`, value: count(of.lateOutcomes) },
  { label: 'Corrections that wait', value: count(of.waitingCorrections) },
  { label: 'Rewards corrected, ever', value: count(of.corrected) },
  { label: 'Decisions nobody saw, ever', value: count(of.unexposed) },
  { label: 'Outcomes of a slate that name no place, ever', value: count(of.unattributed) },
];
