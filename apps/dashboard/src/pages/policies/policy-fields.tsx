import {
  Fieldset,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import type { ReactElement } from 'react';
import type { Catalog, JsonSchema, RegisteredPolicy } from '../../api/types.js';
import { humanise } from '../../format/index.js';
import { SchemaForm, schemaDefaults } from '../../ui/schema-form.js';
import { policyDraft } from './policy-draft.js';
import { slug } from '../../format/slug.js';
import type { PolicyDraft } from './policy-draft.js';
import { SignalFields } from './signal-fields.js';
import { WithholdFields } from './withhold-fields.js';
import { WrapperFields } from './wrapper-fields.js';

interface PolicyFieldsProps {
  catalog: Catalog;
  offered: readonly RegisteredPolicy[];
  draft: PolicyDraft;
  onChange: (draft: PolicyDraft) => void;
}

export function PolicyFields({ catalog, offered, draft, onChange }: PolicyFieldsProps): ReactElement {
  const registered = catalog.policies.find((policy) => policy.key === draft.key);
  const set = (change: Partial<PolicyDraft>): void => onChange({ ...draft, ...change });
  return (
    <Stack gap="md">
      <Select
        label="Method"
        data={offered.map((policy) => ({ value: policy.key, label: policy.title }))}
        value={draft.key}
        onChange={(key) =>
          onChange({ ...policyDraft(catalog, key ?? draft.key), title: draft.title, id: draft.id })
        }
        description={
          registered === undefined
            ? undefined
            : `${registered.summary}${registered.reference === undefined ? '' : ` ${registered.reference}`}`
        }
      />
      <Group grow align="flex-start">
        <TextInput
          label="Title"
          required
          data-autofocus
          value={draft.title}
          onChange={(event) => set({ title: event.currentTarget.value })}
        />
        <TextInput
          label="Key"
          placeholder={slug(draft.title) || 'from the title'}
          value={draft.id}
          onChange={(event) => set({ id: event.currentTarget.value })}
        />
      </Group>
      {Object.keys(ownSchema(registered).properties ?? {}).length === 0 ? null : (
        <Fieldset legend="Parameters">
          <SchemaForm
            key={draft.key}
            schema={ownSchema(registered)}
            values={draft.params}
            onChange={(params) => set({ params })}
          />
        </Fieldset>
      )}
      <WrapperFields
        policy={registered}
        wrappers={catalog.wrappers ?? []}
        value={draft.wrappers}
        onChange={(wrappers) => set({ wrappers })}
      />
      {registered?.decides === 'action' ? null : (
        <ExplorationFields catalog={catalog} draft={draft} set={set} />
      )}
      {registered?.learns === 'never' ? null : <RewardFields catalog={catalog} draft={draft} set={set} />}
      <WithholdFields registered={registered} draft={draft} set={set} />
      <NumberInput
        label="Floor"
        description="Least probability of every candidate. Above zero, every action stays measurable."
        min={0}
        max={0.5}
        step={0.01}
        value={draft.floor}
        onChange={(floor) => set({ floor: typeof floor === 'number' ? floor : 0 })}
      />
    </Stack>
  );
}

/** The parameters of the policy itself; its wrappers have fields of their own. */
function ownSchema(registered: RegisteredPolicy | undefined): JsonSchema {
  const { wrappers: _wrappers, ...properties } = registered?.paramsSchema.properties ?? {};
  return { ...registered?.paramsSchema, properties };
}

interface PartProps {
  catalog: Catalog;
  draft: PolicyDraft;
  set: (change: Partial<PolicyDraft>) => void;
}

function ExplorationFields({ catalog, draft, set }: PartProps): ReactElement {
  const chosen = catalog.explorations.find((exploration) => exploration.key === draft.exploration);
  return (
    <Fieldset legend="Exploration on slates">
      <Stack gap="sm">
        <Select
          label="How scores become a slate"
          data={catalog.explorations.map(({ key, title }) => ({ value: key, label: title }))}
          value={draft.exploration || null}
          onChange={(key) =>
            set({
              exploration: key ?? '',
              explorationParams: schemaDefaults(
                catalog.explorations.find((entry) => entry.key === key)?.paramsSchema,
              ),
            })
          }
        />
        {chosen === undefined ? null : (
          <Text size="sm" c="dimmed">
            {chosen.summary}
          </Text>
        )}
        <SchemaForm
          key={draft.exploration}
          schema={chosen?.paramsSchema}
          values={draft.explorationParams}
          onChange={(explorationParams) => set({ explorationParams })}
        />
      </Stack>
    </Fieldset>
  );
}

const WINDOWS = [
  { value: '0', label: 'At the first matching outcome' },
  { value: '300', label: 'After 5 minutes' },
  { value: '1800', label: 'After 30 minutes' },
  { value: '86400', label: 'After a day' },
  { value: '604800', label: 'After a week' },
];

function RewardFields({ catalog, draft, set }: PartProps): ReactElement {
  const chosen = catalog.rewards.find(({ key }) => key === draft.preset);
  return (
    <Fieldset legend="Reward">
      <Stack gap="sm">
        <Select
          label="What counts as success"
          data={[
            { value: '', label: 'An outcome of your choice' },
            ...catalog.rewards.map(({ key, title }) => ({ value: key, label: title })),
          ]}
          value={draft.preset}
          onChange={(preset) => set({ preset: preset ?? '' })}
          description={chosen?.summary}
        />
        {chosen === undefined ? <OwnReward catalog={catalog} draft={draft} set={set} /> : null}
        <SignalFields catalog={catalog} value={draft.signals} onChange={(signals) => set({ signals })} />
      </Stack>
    </Fieldset>
  );
}

function OwnReward({ catalog, draft, set }: PartProps): ReactElement {
  return (
    <>
      <Group grow align="flex-end">
        <Select
          label="Outcome"
          searchable
          data={catalog.outcomes.map((name) => ({ value: name, label: humanise(name) }))}
          value={draft.outcome}
          onChange={(outcome) => set({ outcome: outcome ?? draft.outcome })}
        />
        <SegmentedControl
          aria-label="What counts"
          data={[
            { value: 'one', label: 'That it happened' },
            { value: 'value', label: 'Its value' },
          ]}
          value={draft.counts}
          onChange={(counts) => set({ counts })}
        />
      </Group>
      {draft.counts === 'value' ? (
        <NumberInput
          label="Largest value that counts"
          description="Caps outliers, such as a film left running overnight."
          value={draft.max ?? ''}
          onChange={(max) => set({ max: typeof max === 'number' ? max : null })}
        />
      ) : null}
      <Select
        label="Learn"
        description="With a window, a decision without the outcome counts as zero once the window closes."
        data={WINDOWS}
        value={String(draft.windowSeconds)}
        onChange={(seconds) => set({ windowSeconds: Number(seconds ?? 0) })}
      />
    </>
  );
}
