import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { OffPolicyDetail, SlotDiagnostics } from '../../api/off-policy.js';
import { downloadCsv } from '../../charts/csv.js';
import { count, decimal } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Figure } from '../../ui/estimate.js';
import { Icon } from '../../ui/icon.js';
import { Panel } from '../../ui/panel.js';
import { candidateName } from './candidate-name.js';

const HEADINGS = {
  position: 'Position',
  meanReward: 'Mean reward in the log',
  effectivePrefix: 'Effective sample down to here',
  effectiveSlot: 'Effective sample here alone',
  largestWeight: 'Largest weight',
  meanWeight: 'Mean weight',
  meanWeightZ: 'z of the mean weight',
};

const whole = (value: number | null): string => (value === null ? '—' : count(Math.round(value)));

const COLUMNS: Column<SlotDiagnostics>[] = [
  { key: 'position', title: HEADINGS.position, cell: ({ slot }) => slot + 1 },
  {
    key: 'meanReward',
    title: HEADINGS.meanReward,
    align: 'right',
    cell: ({ meanReward }) => decimal(meanReward, 4),
  },
  {
    key: 'effectivePrefix',
    title: HEADINGS.effectivePrefix,
    align: 'right',
    cell: ({ effectivePrefix }) => whole(effectivePrefix),
  },
  {
    key: 'effectiveSlot',
    title: HEADINGS.effectiveSlot,
    align: 'right',
    cell: ({ effectiveSlot }) => (
      <Figure
        text={whole(effectiveSlot)}
        reason="The log’s probability of each position alone is not known"
      />
    ),
  },
  {
    key: 'largestWeight',
    title: HEADINGS.largestWeight,
    align: 'right',
    cell: ({ largestWeight }) => decimal(largestWeight, 2),
  },
  {
    key: 'meanWeight',
    title: HEADINGS.meanWeight,
    align: 'right',
    cell: ({ meanWeight }) => decimal(meanWeight, 3),
  },
  {
    key: 'meanWeightZ',
    title: HEADINGS.meanWeightZ,
    align: 'right',
    cell: ({ meanWeightZ }) => <Figure text={decimal(meanWeightZ, 2)} reason="Weights do not vary here" />,
  },
];

/** How far down a slate the log can still speak for the candidate. */
export function LabSlots({ run }: { run: OffPolicyDetail }): ReactElement {
  const slots = run.result.diagnostics.slots ?? [];
  const save = (): void =>
    downloadCsv(
      `Positions of ${candidateName(run)}`,
      HEADINGS,
      slots.map(({ slot, ...cells }) => ({ id: String(slot), cells: { position: slot + 1, ...cells } })),
    );
  return (
    <Panel
      title="Position by position"
      note="Weights multiply from position to position, so the log says less the further down."
      actions={
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          leftSection={<Icon name="download" size={14} />}
          onClick={save}
        >
          CSV
        </Button>
      }
      flush
    >
      <DataTable
        caption="Positions of the slates"
        columns={COLUMNS}
        rows={slots}
        rowKey={({ slot }) => String(slot)}
        step={20}
        dense
      />
    </Panel>
  );
}
