import type { ReactElement } from 'react';
import type { DecisionDetail, ServedEvent } from '../../api/types.js';
import { ago, dateTime, decimal, duration, humanise } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';

function columns(decidedAt: string): Column<ServedEvent>[] {
  const start = new Date(decidedAt).getTime();
  return [
    { key: 'name', title: 'Event', cell: (event) => humanise(event.name ?? event.kind) },
    {
      key: 'delay',
      title: 'After',
      align: 'right',
      cell: (event) => duration((new Date(event.at).getTime() - start) / 1000),
    },
    {
      key: 'value',
      title: 'Value',
      align: 'right',
      cell: (event) => (event.value === null ? '' : decimal(event.value)),
    },
    { key: 'item', title: 'Item', cell: (event) => event.actionId ?? event.itemId ?? '' },
    {
      key: 'position',
      title: 'Position',
      align: 'right',
      cell: (event) => (event.position === null ? '' : event.position + 1),
    },
    { key: 'received', title: 'Received', cell: (event) => dateTime(event.receivedAt) },
  ];
}

function rewardSentence(reward: DecisionDetail['reward']): string {
  if (reward === null) return 'No policy learns from this decision.';
  if ('pendingUntil' in reward)
    return `The attribution window is open; it closes ${ago(reward.pendingUntil)}.`;
  const learned =
    reward.version === null ? 'not yet part of a snapshot' : `learned in snapshot ${reward.version}`;
  return `Reward ${decimal(reward.value)}, settled ${dateTime(reward.settledAt)}, ${learned}.`;
}

export function Outcomes({ decision }: { decision: DecisionDetail }): ReactElement {
  return (
    <Panel title="Outcomes and reward" note={rewardSentence(decision.reward)} flush>
      {decision.outcomes.length === 0 ? (
        <StateMessage icon="clock" title="No outcome yet">
          Events that name this decision appear here as they arrive.
        </StateMessage>
      ) : (
        <DataTable
          caption="Events joined to this decision"
          columns={columns(decision.at)}
          rows={decision.outcomes}
          rowKey={(event) => event.id}
          dense
        />
      )}
    </Panel>
  );
}
