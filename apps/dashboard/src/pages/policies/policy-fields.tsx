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
import { duration, humanise } from '../../format/index.js';
import { schemaDefaults } from '../../ui/schema-defaults.js';
import { SchemaForm } from '../../ui/schema-form.js';
import { KEPT, policyDraft } from './policy-draft.js';
import { slug } from '../../format/slug.js';
import { rewardSentence } from './reward-sentence.js';
import type { PolicyDraft } from './policy-draft.js';
import { SignalFields } from './signal-fields.js';
import { WithholdFields } from './withhold-fields.js';
import { WrapperFields } from './wrapper-fields.js';

interface PolicyFieldsProps {
  catalog: Catalog;
  offered: readonly RegisteredPolicy[];
  draft: PolicyDraft;
  onChange: (draft: PolicyDraft) => void;
  /** The policy exists: method and key stay. */
  exists?: boolean;
}

export function PolicyFields({
  catalog,
  offered,
  draft,
  onChange,
  exists = false,
}: PolicyFieldsProps): ReactElement {
  const registered = catalog.policies.find((policy) => policy.key === draft.key);
  const set = (change: Partial<PolicyDraft>): void => onChange({ ...draft, ...change });
  return (
    <Stack gap="md">
      <Select
        label="Method"
        disabled={exists}
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
          disabled={exists}
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
            ...(draft.kept === null
              ? []
              : [{ value: KEPT, label: `As it is: ${rewardSentence(draft.kept)}` }]),
            { value: '', label: 'An outcome of your choice' },
            ...catalog.rewards.map(({ key, title }) => ({ value: key, label: title })),
          ]}
          value={draft.preset}
          onChange={(key) => set(chosenReward(catalog, draft, key ?? ''))}
          description={chosen?.summary}
        />
        {draft.preset === '' ? <OwnReward catalog={catalog} draft={draft} set={set} /> : null}
        {chosen === undefined ? <WindowField draft={draft} set={set} /> : null}
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
    </>
  );
}

function WindowField({ draft, set }: Omit<PartProps, 'catalog'>): ReactElement {
  const now = String(draft.windowSeconds);
  const own = WINDOWS.some(({ value }) => value === now)
    ? []
    : [{ value: now, label: `After ${duration(draft.windowSeconds)}` }];
  return (
    <Select
      label="Learn"
      description="With a window, a decision without the outcome counts as zero once the window closes."
      data={[...WINDOWS, ...own]}
      allowDeselect={false}
      value={now}
      onChange={(seconds) => set({ windowSeconds: Number(seconds ?? 0) })}
    />
  );
}

/** Withheld by default where the reward is the lift of showing, in percent. */
const USUALLY_WITHHELD = 3;

/** A ready-made reward that is the lift of showing brings the withheld choices that it needs. */
function chosenReward(catalog: Catalog, draft: PolicyDraft, preset: string): Partial<PolicyDraft> {
  const chosen = catalog.rewards.find(({ key }) => key === preset);
  if (chosen?.reward.incremental === undefined) return { preset };
  return { preset, withheldPercent: draft.withheldPercent || USUALLY_WITHHELD, incremental: true };
}
