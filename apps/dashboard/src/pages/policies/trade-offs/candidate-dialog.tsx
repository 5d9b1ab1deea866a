import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import { tradeOffPath } from '../../../api/trade-offs.js';
import type { Policy } from '../../../api/types.js';
import { slug } from '../../../format/slug.js';
import { NotSaved } from '../../../ui/not-saved.js';

interface CandidateDialogProps {
  policy: Policy;
  run: string;
  /** Place of the point in the curve. */
  place: number;
  text: string;
  close: () => void;
  created: (id: string) => void;
}

/** Makes a policy of a point: it serves nobody until an experiment gives it an arm. */
export function CandidateDialog(props: CandidateDialogProps): ReactElement {
  const { policy, run, place, text, close, created } = props;
  const [title, setTitle] = useState(`${policy.title}: ${text}`.slice(0, 200));
  const write = useWrite<Policy>(['/v1/policies']);
  const id = slug(title);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write.mutate(
      { path: `${tradeOffPath(policy.id)}/${segment(run)}/candidate`, body: { point: place, id, title } },
      { onSuccess: () => created(id) },
    );
  };
  return (
    <Modal opened onClose={close} title={<Text fw={620}>Make it a policy</Text>}>
      <form onSubmit={submit} aria-label="Make it a policy">
        <Stack gap="md">
          <Text size="sm">
            The new policy has the model and the settings of {policy.title}, and orders by {text}. It serves
            nobody. Next: evaluate it in the off-policy lab of {policy.title}, and give it an arm of an
            experiment.
          </Text>
          <TextInput
            label="Title"
            description={id === '' ? undefined : `Id: ${id}`}
            value={title}
            maxLength={200}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <NotSaved title="The policy was not created" error={write.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={write.isPending} disabled={id === ''}>
              Create policy
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
