import {
  Button,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
} from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { useWrite } from '../../../api/mutations.js';
import { useExperiment, useExperiments, usePolicies } from '../../../api/queries.js';
import type { Policy } from '../../../api/types.js';
import { warmStartsPath } from '../../../api/warm-starts.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { NotSaved } from '../../../ui/not-saved.js';

interface Draft {
  kind: 'policy' | 'experiment';
  policyId: string | null;
  experiment: string | null;
  arms: string[];
  days: number;
  by: 'time' | 'unit';
  /** Percent of the log. */
  heldOut: number;
}

interface PartProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

const number = (value: string | number, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

function bodyOf({ kind, policyId, experiment, arms, days, by, heldOut }: Draft): object {
  const source = kind === 'policy' ? { policyId } : { experiment, ...(arms.length === 0 ? {} : { arms }) };
  return { source, days, holdOut: { by, share: heldOut / 100 } };
}

/** Picks a log, and what of it is left for judging what was learned. */
export function WarmStartDialog({ policy, close }: { policy: Policy; close: () => void }): ReactElement {
  const [draft, setDraft] = useState<Draft>({
    kind: 'policy',
    policyId: null,
    experiment: null,
    arms: [],
    days: 30,
    by: 'time',
    heldOut: 50,
  });
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const write = useWrite([warmStartsPath(policy.id), '/v1/policies']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write.mutate({ path: warmStartsPath(policy.id), body: bodyOf(draft) }, { onSuccess: close });
  };
  const chosen = (draft.kind === 'policy' ? draft.policyId : draft.experiment) !== null;
  return (
    <Modal opened onClose={close} size="lg" title={<Text fw={620}>Learn from a log</Text>}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <SegmentedControl
            aria-label="Whose log"
            value={draft.kind}
            onChange={(kind) => set({ kind: kind as Draft['kind'] })}
            data={[
              { value: 'policy', label: 'A policy' },
              { value: 'experiment', label: 'Arms of an experiment' },
            ]}
            w="fit-content"
            maw="100%"
          />
          {draft.kind === 'policy' ? (
            <PolicyChoice policy={policy} draft={draft} set={set} />
          ) : (
            <ExperimentChoice draft={draft} set={set} />
          )}
          <LogFields draft={draft} set={set} />
          <NotSaved title="It does not learn from this log" error={write.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={write.isPending} disabled={!chosen}>
              Learn
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function LogFields({ draft, set }: PartProps): ReactElement {
  return (
    <Group align="flex-start" grow preventGrowOverflow={false}>
      <NumberInput
        label="Days of decisions"
        min={1}
        max={400}
        value={draft.days}
        onChange={(days) => set({ days: number(days, 30) })}
      />
      <NumberInput
        label="Held out"
        description="What the gate can judge it on"
        suffix=" %"
        min={0}
        max={95}
        value={draft.heldOut}
        onChange={(heldOut) => set({ heldOut: number(heldOut, 50) })}
      />
      <Select
        label="Held out are"
        allowDeselect={false}
        data={[
          { value: 'time', label: 'the newest decisions' },
          { value: 'unit', label: 'some of the units' },
        ]}
        value={draft.by}
        onChange={(by) => set({ by: by === 'unit' ? 'unit' : 'time' })}
      />
    </Group>
  );
}

function PolicyChoice({ policy, draft, set }: PartProps & { policy: Policy }): ReactElement {
  return (
    <QueryBoundary query={usePolicies()} what="policies" lines={2}>
      {(page) => (
        <Select
          label="Policy"
          description="Its decisions and their outcomes, with the probabilities it logged."
          placeholder="Choose a policy"
          searchable
          data={page.items
            .filter(({ id }) => id !== policy.id)
            .map(({ id, title }) => ({ value: id, label: title }))}
          value={draft.policyId}
          onChange={(policyId) => set({ policyId })}
        />
      )}
    </QueryBoundary>
  );
}

function ExperimentChoice({ draft, set }: PartProps): ReactElement {
  return (
    <QueryBoundary query={useExperiments()} what="experiments" lines={2}>
      {(page) => (
        <>
          <Select
            label="Experiment"
            description="Arms with a fixed value count with the share of units that they had."
            placeholder="Choose an experiment"
            searchable
            data={page.items.map(({ key, title }) => ({ value: key, label: title }))}
            value={draft.experiment}
            onChange={(experiment) => set({ experiment, arms: [] })}
          />
          {draft.experiment === null ? null : (
            <ArmsChoice experiment={draft.experiment} draft={draft} set={set} />
          )}
        </>
      )}
    </QueryBoundary>
  );
}

function ArmsChoice({ experiment, draft, set }: PartProps & { experiment: string }): ReactElement {
  return (
    <QueryBoundary query={useExperiment(experiment)} what="arms" lines={2}>
      {({ arms }) => (
        <MultiSelect
          label="Arms"
          placeholder={draft.arms.length === 0 ? 'All arms' : ''}
          data={arms.map(({ key, title }) => ({ value: key, label: title }))}
          value={draft.arms}
          onChange={(chosen) => set({ arms: chosen })}
        />
      )}
    </QueryBoundary>
  );
}
