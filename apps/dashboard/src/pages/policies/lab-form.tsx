import {
  Button,
  Fieldset,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  TextInput,
} from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { useWrite } from '../../api/mutations.js';
import { offPolicyPath } from '../../api/off-policy.js';
import type { OffPolicyDetail } from '../../api/off-policy.js';
import { useCatalog, usePolicies, useSnapshots } from '../../api/queries.js';
import type { Json, Policy } from '../../api/types.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { SchemaForm } from '../../ui/schema-form.js';
import { LabGuardrails } from './lab-guardrails.js';
import type { GuardrailDraft } from './lab-guardrails.js';
import { NotSaved } from '../../ui/not-saved.js';

type Kind = 'policy' | 'version' | 'params';

interface Draft {
  kind: Kind;
  policyId: string | null;
  version: string | null;
  params: Record<string, Json>;
  floor: number;
  days: number;
  subject: string;
  /** Percent of the log's reward. */
  margin: number;
  guardrails: GuardrailDraft[];
}

const number = (value: string | number, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

function bodyOf(draft: Draft): object {
  const { days, guardrails, kind, margin, params, floor, policyId, subject, version } = draft;
  const candidate =
    kind === 'policy' ? { policyId } : kind === 'version' ? { version: Number(version) } : { params, floor };
  const about = subject.trim();
  return {
    candidate,
    days,
    margin: margin / 100,
    ...(about === '' ? {} : { subject: about }),
    ...(guardrails.length === 0 ? {} : { guardrails }),
  };
}

/** Picks the log and the candidate, and evaluates. */
export function LabForm({ policy, done }: { policy: Policy; done: (run: number) => void }): ReactElement {
  const [draft, setDraft] = useState<Draft>(() => ({
    kind: 'policy',
    policyId: null,
    version: null,
    params: policy.params,
    floor: policy.floor,
    days: 30,
    subject: '',
    margin: 2,
    guardrails: [],
  }));
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const write = useWrite<OffPolicyDetail>([offPolicyPath(policy.id)]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write.mutate(
      { path: offPolicyPath(policy.id), body: bodyOf(draft) },
      { onSuccess: ({ id }) => done(id) },
    );
  };
  const chosen =
    draft.kind === 'params' || (draft.kind === 'policy' ? draft.policyId : draft.version) !== null;
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <SegmentedControl
          aria-label="Kind of candidate"
          value={draft.kind}
          onChange={(kind) => set({ kind: kind as Kind })}
          data={[
            { value: 'policy', label: 'A policy' },
            { value: 'version', label: 'A snapshot' },
            { value: 'params', label: 'Edited parameters' },
          ]}
          w="fit-content"
          maw="100%"
        />
        <CandidateFields policy={policy} draft={draft} set={set} />
        <LogFields draft={draft} set={set} />
        <LabGuardrails
          signals={Object.keys(policy.reward?.signals ?? {})}
          value={draft.guardrails}
          onChange={(guardrails) => set({ guardrails })}
        />
        <NotSaved title="The candidate was not evaluated" error={write.error} />
        <Group>
          <Button type="submit" loading={write.isPending} disabled={!chosen}>
            Evaluate
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface PartProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

function LogFields({ draft, set }: PartProps): ReactElement {
  return (
    <Group align="flex-start">
      <NumberInput
        label="Days of decisions"
        min={1}
        max={400}
        w={160}
        value={draft.days}
        onChange={(days) => set({ days: number(days, 30) })}
      />
      <TextInput
        label="Subject"
        placeholder="All subjects"
        w={200}
        value={draft.subject}
        onChange={(event) => set({ subject: event.currentTarget.value })}
      />
      <NumberInput
        label="Margin"
        description="How much worse it may be"
        suffix=" %"
        min={0}
        max={10}
        w={180}
        value={draft.margin}
        onChange={(margin) => set({ margin: number(margin, 2) })}
      />
    </Group>
  );
}

function CandidateFields({ policy, ...rest }: PartProps & { policy: Policy }): ReactElement {
  if (rest.draft.kind === 'policy') return <PolicyChoice policy={policy} {...rest} />;
  if (rest.draft.kind === 'version') return <VersionChoice policy={policy} {...rest} />;
  return <ParamsChoice policy={policy} {...rest} />;
}

function PolicyChoice({ policy, draft, set }: PartProps & { policy: Policy }): ReactElement {
  return (
    <QueryBoundary query={usePolicies()} what="policies" lines={2}>
      {(page) => (
        <Select
          label="Candidate policy"
          description="As it is configured and serves now."
          placeholder="Choose a policy"
          searchable
          maw={420}
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

function VersionChoice({ policy, draft, set }: PartProps & { policy: Policy }): ReactElement {
  return (
    <QueryBoundary query={useSnapshots(policy.id)} what="snapshots" lines={2}>
      {(page) => (
        <Select
          label="Candidate snapshot"
          description="It is judged on the rewards that it has not learned from."
          placeholder="Choose a snapshot"
          maw={420}
          data={page.items
            .filter(({ status }) => status !== 'rejected')
            .map(({ version }) => ({ value: String(version), label: `Snapshot ${version}` }))}
          value={draft.version}
          onChange={(version) => set({ version })}
        />
      )}
    </QueryBoundary>
  );
}

function ParamsChoice({ policy, draft, set }: PartProps & { policy: Policy }): ReactElement {
  return (
    <QueryBoundary query={useCatalog()} what="registered policies" lines={4}>
      {(catalog) => (
        <Fieldset legend="Parameters of the candidate">
          <SchemaForm
            schema={catalog.policies.find(({ key }) => key === policy.key)?.paramsSchema}
            values={draft.params}
            onChange={(params) => set({ params })}
          />
          <NumberInput
            label="Floor"
            description="It learns the older half of the log, and is judged on the newer one."
            min={0}
            max={0.5}
            step={0.01}
            mt="sm"
            maw={260}
            value={draft.floor}
            onChange={(floor) => set({ floor: number(floor, 0) })}
          />
        </Fieldset>
      )}
    </QueryBoundary>
  );
}
