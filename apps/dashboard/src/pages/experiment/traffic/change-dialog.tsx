import { Alert, Button, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { ApiError, segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import { useCatalog, useExperiment } from '../../../api/queries.js';
import { useReach } from '../../../api/reach.js';
import type { TrafficPreview } from '../../../api/traffic.js';
import type { Experiment } from '../../../api/types.js';
import { ReachView } from '../../../ui/reach-view.js';
import { targetingProblem } from '../../new-experiment/targeting.js';
import { TargetingFields } from '../../new-experiment/targeting-fields.js';
import { changeDraft, patchOf, reachOf } from './change-draft.js';
import type { ChangeDraft } from './change-draft.js';
import { ChangeReview } from './change-review.js';

const TYPING_MS = 300;

interface ChangeDialogProps {
  experiment: Experiment;
  close: () => void;
}

/** Changes who takes part: a form that begins with what is, then what the change does to units in it, then the change. */
export function ChangeDialog({ experiment, close }: ChangeDialogProps): ReactElement {
  return (
    <Modal opened onClose={close} size="xl" title={<Text fw={620}>Change {experiment.title}</Text>}>
      <Change experiment={experiment} close={close} />
    </Modal>
  );
}

const isConflict = (error: Error | null): boolean => error instanceof ApiError && error.status === 412;

/** The experiment as it was when the form was opened is what is changed; the page behind may know a newer one. */
function Change({ experiment, close }: ChangeDialogProps): ReactElement {
  const [base, setBase] = useState(experiment);
  const [draft, setDraft] = useState(() => changeDraft(experiment));
  const [existing, setExisting] = useState<'move' | 'keep'>('move');
  const newest = useExperiment(experiment.key);
  const path = `/v1/experiments/${segment(experiment.key)}`;
  const ask = useWrite<TrafficPreview>([]);
  const write = useWrite<Experiment>(['/v1/experiments', '/v1/layers']);
  const patch = patchOf(base, draft);
  const review = (how: 'move' | 'keep'): void => {
    setExisting(how);
    ask.mutate({ path: `${path}/preview`, version: base.version, body: { ...patch, existing: how } });
  };
  const back = (): void => {
    ask.reset();
    write.reset();
  };
  const again = async (): Promise<void> => {
    const { data } = await newest.refetch();
    if (data === undefined) return;
    setBase(data);
    setDraft(changeDraft(data));
    back();
  };
  if (isConflict(ask.error) || isConflict(write.error))
    return <Conflict again={() => void again()} close={close} />;
  if (ask.data !== undefined)
    return (
      <ChangeReview
        preview={ask.data}
        unit={base.unitType}
        existing={existing}
        onExisting={review}
        pending={write.isPending}
        error={write.error}
        back={back}
        confirm={() =>
          write.mutate(
            { path, method: 'PATCH', version: base.version, body: { ...patch, existing } },
            { onSuccess: close },
          )
        }
      />
    );
  return (
    <ChangeForm
      {...{ base, draft, close }}
      onChange={setDraft}
      nothing={Object.keys(patch).length === 0}
      pending={ask.isPending}
      error={ask.error}
      review={() => review(existing)}
    />
  );
}

interface ChangeFormProps {
  base: Experiment;
  draft: ChangeDraft;
  onChange: (draft: ChangeDraft) => void;
  nothing: boolean;
  pending: boolean;
  error: Error | null;
  review: () => void;
  close: () => void;
}

function ChangeForm(props: ChangeFormProps): ReactElement {
  const { base, draft, onChange, nothing, pending, error, review, close } = props;
  const operators = useCatalog().data?.conditionOperators ?? [];
  const problem = targetingProblem(draft.targeting);
  const [asked] = useDebouncedValue(problem === null ? reachOf(base, draft) : null, TYPING_MS);
  const reach = useReach(asked);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    review();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="Title"
          required
          value={draft.title}
          onChange={(event) => onChange({ ...draft, title: event.currentTarget.value })}
        />
        <NumberInput
          label="Traffic"
          description="Of the units that match. More traffic moves nobody."
          suffix="%"
          min={0}
          max={100}
          value={draft.traffic}
          onChange={(next) => onChange({ ...draft, traffic: Number(next) })}
        />
        {base.arms.map((arm) => (
          <NumberInput
            key={arm.key}
            label={`Weight of ${arm.title}`}
            min={0}
            value={draft.weights[arm.key] ?? arm.weight}
            onChange={(next) =>
              onChange({ ...draft, weights: { ...draft.weights, [arm.key]: Number(next) } })
            }
          />
        ))}
        <TargetingFields
          targeting={draft.targeting}
          change={(targeting) => onChange({ ...draft, targeting })}
          problem={undefined}
          operators={operators}
          known={reach.data?.known ?? []}
        />
        <ReachView
          query={reach}
          waiting="How many units a day it reaches is shown once the conditions are whole."
        />
        {error === null ? null : (
          <Alert color="orange" variant="light" title="This change is not possible" role="alert">
            {error.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={pending} disabled={nothing || problem !== null}>
            Review the change
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Conflict({ again, close }: { again: () => void; close: () => void }): ReactElement {
  return (
    <Stack gap="md">
      <Alert color="orange" variant="light" title="Changed meanwhile" role="alert">
        Somebody else, or the schedule, has changed this experiment since you opened it. Nothing of yours was
        saved. Begin again from how it is now.
      </Alert>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          Close
        </Button>
        <Button onClick={again}>Begin again</Button>
      </Group>
    </Stack>
  );
}
