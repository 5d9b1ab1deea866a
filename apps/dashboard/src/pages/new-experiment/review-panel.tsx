import { Alert, Button, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Experiment } from '../../api/types.js';
import { plural } from '../../format/index.js';
import { CheckList } from '../../ui/check-list.js';
import { Icon } from '../../ui/icon.js';
import { Panel } from '../../ui/panel.js';
import { launchChecks } from '../experiment/checklist.js';
import { toBody } from './draft.js';
import type { Problems } from './problems.js';
import type { SectionProps } from './section-props.js';
import styles from './form.module.css';

interface ReviewPanelProps extends SectionProps {
  /** What the form itself finds missing. */
  own: Problems;
  tried: boolean;
  error: Error | null;
  pending: boolean;
  saveDraft: () => void;
}

function Refusal({ error }: { error: Error | null }): ReactElement | null {
  if (error === null) return null;
  return (
    <Alert color="orange" variant="light" title="The API refused it" role="alert">
      {error.message}
    </Alert>
  );
}

/** The pre-launch checklist beside the form, and the two ways to save. */
export function ReviewPanel({
  draft,
  catalog,
  policies,
  own,
  tried,
  error,
  pending,
  saveDraft,
}: ReviewPanelProps): ReactElement {
  // The checks read only what a draft already has.
  const checks = launchChecks(toBody(draft) as unknown as Experiment, catalog.metrics, policies);
  const missing = Object.values(own);
  return (
    <div className={styles.review}>
      <Panel title="Before it starts">
        <Stack gap="md">
          <CheckList items={checks} />
          {tried && missing.length > 0 ? (
            <Alert
              color="orange"
              variant="light"
              title={`${plural(missing.length, 'field')} to complete`}
              role="alert"
            >
              <ul className={styles.errors}>
                {missing.map((message) => (
                  <li key={message}>{message}</li>
                ))}
              </ul>
            </Alert>
          ) : null}
          <Refusal error={error} />
          <Button type="submit" loading={pending} leftSection={<Icon name="play" size={14} />}>
            Create and start
          </Button>
          <Button variant="default" disabled={pending} onClick={saveDraft}>
            Save draft
          </Button>
        </Stack>
      </Panel>
    </div>
  );
}
