import { Button, Radio, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import { useRewardVersions } from '../../../api/policy-health.js';
import type { RewardVersion } from '../../../api/policy-health.js';
import type { Policy } from '../../../api/types.js';
import { count, duration } from '../../../format/index.js';
import { ConfirmDialog } from '../../../ui/confirm-dialog.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { When } from '../../../ui/details.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { Pill } from '../../../ui/status.js';
import { rewardSentence } from '../reward-sentence.js';

/** What the policy has been paid for over time, and learning everything again. */
export function RewardVersionsPanel({ policy }: { policy: Policy }): ReactElement {
  const [asked, setAsked] = useState(false);
  return (
    <Panel
      title="Reward definition"
      note="Every reward on record keeps the version that it was settled by."
      actions={
        policy.learns === 'online' ? (
          <Button
            variant="default"
            size="compact-sm"
            disabled={!policy.learning}
            onClick={() => setAsked(true)}
          >
            Learn again
          </Button>
        ) : undefined
      }
      flush
    >
      <QueryBoundary
        query={useRewardVersions(policy.id)}
        what="reward definitions"
        isEmpty={(page) => page.items.length === 0}
        empty={<StateMessage icon="policies" title="No reward is defined" />}
      >
        {(page) => (
          <DataTable
            caption="Versions of the reward"
            columns={columns(page.items[0]?.version)}
            rows={page.items}
            rowKey={({ version }) => String(version)}
            step={10}
          />
        )}
      </QueryBoundary>
      {asked ? <RelearnDialog policy={policy} close={() => setAsked(false)} /> : null}
    </Panel>
  );
}

function columns(current: number | undefined): Column<RewardVersion>[] {
  return [
    { key: 'version', title: 'Version', cell: ({ version }) => <strong>{version}</strong> },
    {
      key: 'state',
      title: 'State',
      cell: ({ version }) =>
        version === current ? <Pill tone="solid" icon="play" label="Current" /> : <Pill label="Earlier" />,
    },
    { key: 'reward', title: 'Reward', cell: ({ reward }) => rewardSentence(reward) },
    {
      key: 'window',
      title: 'Window',
      cell: ({ windowSeconds }) => (windowSeconds === 0 ? 'first outcome' : duration(windowSeconds)),
    },
    { key: 'rewards', title: 'Rewards on record', align: 'right', cell: ({ rewards }) => count(rewards) },
    { key: 'created', title: 'Since', cell: ({ createdAt }) => <When at={createdAt} /> },
  ];
}

function RelearnDialog({ policy, close }: { policy: Policy; close: () => void }): ReactElement {
  const [rewards, setRewards] = useState('as-settled');
  const write = useWrite(['/v1/policies']);
  const confirm = (): void =>
    write.mutate(
      { path: `/v1/policies/${segment(policy.id)}/relearn`, body: { rewards } },
      { onSuccess: close },
    );
  return (
    <ConfirmDialog
      opened
      title="Learn all rewards again"
      confirmLabel="Learn again"
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={confirm}
      onClose={close}
    >
      The policy learns its whole log again, as one new snapshot. The serving one goes on until that is
      accepted.
      <Radio.Group label="Which rewards" mt="sm" value={rewards} onChange={setRewards}>
        <Stack gap="xs" mt="xs">
          <Radio value="as-settled" label="As they were settled, late outcomes included" />
          <Radio value="current-definition" label="Settled again by the current definition" />
        </Stack>
      </Radio.Group>
    </ConfirmDialog>
  );
}
