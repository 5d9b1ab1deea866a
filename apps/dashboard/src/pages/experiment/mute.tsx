import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { HealthResult } from '../../api/types.js';
import { date } from '../../format/index.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import styles from './health.module.css';

/** Mutes a warning with a reason, or shows who did and takes it back. */
export function Mute({ experimentKey, check }: { experimentKey: string; check: HealthResult }): ReactElement {
  const base = `/v1/experiments/${segment(experimentKey)}`;
  const path = `${base}/health/${segment(check.key)}/mute`;
  const write = useWrite([`${base}/report`]);
  const [asking, setAsking] = useState(false);
  if (check.muted !== null) {
    return (
      <div className={styles.mute}>
        <p>
          Muted by {check.muted.by} until {date(check.muted.until)}: {check.muted.reason}
        </p>
        <Button
          variant="default"
          size="compact-sm"
          loading={write.isPending}
          onClick={() => write.mutate({ path, method: 'DELETE' })}
          aria-label={`Unmute ${check.title}`}
        >
          Unmute
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.mute}>
      <Button
        variant="default"
        size="compact-sm"
        onClick={() => setAsking(true)}
        aria-label={`Mute ${check.title}`}
      >
        Mute
      </Button>
      <ConfirmDialog
        opened={asking}
        title={`Mute: ${check.title}`}
        confirmLabel="Mute for 7 days"
        reason="required"
        pending={write.isPending}
        error={write.error}
        onConfirm={(reason) =>
          write.mutate({ path, body: { reason } }, { onSuccess: () => setAsking(false) })
        }
        onClose={() => setAsking(false)}
      >
        The warning moves behind the others and stays visible as muted for 7 days.
        {check.blocks ? ' It still blocks the verdict: a mute does not make the data sound.' : ''}
      </ConfirmDialog>
    </div>
  );
}
