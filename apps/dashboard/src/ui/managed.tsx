import { Alert, Anchor } from '@mantine/core';
import type { ReactElement } from 'react';
import { useFilesOf } from '../api/config-files.js';
import type { Managed, ManagedKind } from '../api/config-files.js';
import { dateTime } from '../format/index.js';
import { Icon } from './icon.js';
import { ManagedOverride } from './managed-override.js';

/** The file that something is changed in, as a link where the repository has an address. */
export function ManagedPlace({ managed: { link, path, repository } }: { managed: Managed }): ReactElement {
  const text = path ?? repository ?? 'files';
  if (link === null) return <span className="mq-mono">{text}</span>;
  return (
    <Anchor href={link} target="_blank" rel="noreferrer" className="mq-mono" inherit underline="always">
      {text}
    </Anchor>
  );
}

/** Says that something is changed in files and not here; nothing where it is changed here. */
export function ManagedBanner({ kind, of }: { kind: ManagedKind; of: string }): ReactElement | null {
  const managed = useFilesOf(kind, of);
  if (managed === null) return null;
  return (
    <Alert
      color="gray"
      variant="light"
      role="note"
      icon={<Icon name="shield" size={18} />}
      title="Managed from files"
      mb="md"
    >
      Change it in <ManagedPlace managed={managed} /> and apply the files. They were applied{' '}
      {dateTime(managed.appliedAt)} by {managed.appliedBy}
      {managed.revision === null ? '' : `, as of ${managed.revision}`}.{' '}
      <ManagedOverride kind={kind} of={of} title={of} />
    </Alert>
  );
}
