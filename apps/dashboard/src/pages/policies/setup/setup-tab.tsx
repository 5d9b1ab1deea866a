import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { useExperiments } from '../../../api/queries.js';
import type { Json, Policy, Worn } from '../../../api/types.js';
import { duration, humanise, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Facts, JsonBlock, When } from '../../../ui/details.js';
import type { Fact } from '../../../ui/details.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { rewardSentence } from '../reward-sentence.js';
import { SettlementPanel } from './settlement-panel.js';

/** How a policy is set up: how it decides and learns, what goes around it, where it serves, what was settled lately. */
export function SetupTab({ policy }: { policy: Policy }): ReactElement {
  const { wrappers, ...own } = policy.params;
  return (
    <div className={layout.stack}>
      <div className={layout.split}>
        <Panel title="How it decides and learns">
          <Facts facts={[...decidingFacts(policy), ...rewardFacts(policy), ...historyFacts(policy)]} />
        </Panel>
        <Panel title="Parameters">
          <JsonBlock value={own} label="Parameters" />
        </Panel>
      </div>
      <WrappersPanel worn={(wrappers ?? []) as unknown as Worn[]} />
      <SlicesPanel policy={policy} />
      {policy.learns === 'never' ? null : <SettlementPanel policy={policy} />}
    </div>
  );
}

const decidingFacts = (policy: Policy): Fact[] => [
  { label: 'Method', value: humanise(policy.key) },
  { label: 'Exploration', value: policy.exploration === null ? 'none' : humanise(policy.exploration.key) },
  { label: 'Floor', value: String(policy.floor) },
  { label: 'Withheld', value: withheldText(policy) },
  { label: 'Shadow candidate', value: <Shadow policy={policy} /> },
  { label: 'Off-policy gate', value: policy.gateRequired ? 'has to say yes first' : 'not asked' },
];

const rewardFacts = (policy: Policy): Fact[] => [
  { label: 'Reward', value: policy.reward === null ? 'none' : rewardSentence(policy.reward) },
  ...Object.entries(policy.reward?.signals ?? {}).map(([name, signal]) => ({
    label: `Signal “${name}”`,
    value: rewardSentence(signal),
  })),
  { label: 'Window', value: windowText(policy) },
];

const historyFacts = (policy: Policy): Fact[] => [
  { label: 'Created', value: <When at={policy.createdAt} /> },
  { label: 'Changed', value: <When at={policy.updatedAt} /> },
];

export function windowText(policy: Policy): string {
  if (policy.learns === 'never') return 'learns nothing';
  return policy.windowSeconds === 0
    ? 'learns at the first matching outcome'
    : `window of ${duration(policy.windowSeconds)}`;
}

function withheldText({ withhold, reward }: Policy): string {
  if (!withhold) return 'nothing';
  const kept = withhold.steadyFor === 'always' ? 'for good' : `for one ${withhold.steadyFor}`;
  const learned = reward?.incremental === undefined ? 'measured, not learned' : 'the reward is the lift';
  return `${percent(withhold.share, 1)} of what is chosen, the lot kept ${kept}; ${learned}`;
}

function Shadow({ policy: { shadow } }: { policy: Policy }): ReactElement {
  if (shadow === null) return <>none</>;
  return (
    <>
      <Link to={`/policies/${shadow.policyId}`}>{shadow.policyId}</Link>
      {shadow.version === null ? ', as it serves' : `, snapshot ${shadow.version}`}
    </>
  );
}

const WORN: Column<Worn>[] = [
  { key: 'wrapper', title: 'Wrapper', cell: ({ key }) => humanise(key) },
  { key: 'params', title: 'Parameters', cell: ({ params }) => <code>{text(params)}</code> },
];

const text = (params: Record<string, Json>): string =>
  Object.entries(params)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ') || 'as they come';

function WrappersPanel({ worn }: { worn: readonly Worn[] }): ReactElement {
  return (
    <Panel title="Around the policy" note="Wrappers, from the inside out." flush>
      {worn.length === 0 ? (
        <StateMessage icon="policies" title="No wrappers" />
      ) : (
        <DataTable caption="Wrappers" columns={WORN} rows={[...worn]} rowKey={({ key }) => key} />
      )}
    </Panel>
  );
}

interface Slice {
  experiment: string;
  arm: string;
  share: number;
  slice: string;
}

const SLICE_TEXT: Record<string, string> = {
  learning: 'serves and is learned from',
  analysis: 'serves and is not learned from',
  exploration: 'serves uniform choices',
};

const SLICES: Column<Slice>[] = [
  {
    key: 'experiment',
    title: 'Experiment',
    cell: ({ experiment }) => <Link to={`/experiments/${experiment}`}>{experiment}</Link>,
  },
  { key: 'arm', title: 'Arm', cell: ({ arm }) => arm },
  { key: 'share', title: 'Share', align: 'right', cell: ({ share }) => percent(share, 1) },
  { key: 'slice', title: 'Slice', cell: ({ slice }) => `${humanise(slice)}: ${SLICE_TEXT[slice] ?? ''}` },
];

/** The arms that hand their choice to it, and what each is for. */
function SlicesPanel({ policy }: { policy: Policy }): ReactElement {
  return (
    <Panel title="Slices" note="Arms of experiments that serve it, and what each is for." flush>
      <QueryBoundary query={useExperiments()} what="experiments">
        {({ items }) => {
          const slices = items.flatMap(({ key, arms, status }): Slice[] => {
            if (status === 'archived') return [];
            const total = arms.reduce((sum, { weight }) => sum + weight, 0);
            return arms.flatMap(({ key: arm, weight, treatment }) =>
              treatment.kind === 'policy' && treatment.policyId === policy.id
                ? [{ experiment: key, arm, share: weight / total, slice: treatment.slice ?? 'learning' }]
                : [],
            );
          });
          return slices.length === 0 ? (
            <StateMessage icon="policies" title="No experiment serves it" />
          ) : (
            <DataTable
              caption="Slices"
              columns={SLICES}
              rows={slices}
              rowKey={({ experiment, arm }) => `${experiment} ${arm}`}
            />
          );
        }}
      </QueryBoundary>
    </Panel>
  );
}
