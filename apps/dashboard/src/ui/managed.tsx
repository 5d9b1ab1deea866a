import { Alert, Anchor } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useFilesOf, useManagedBy } from '../api/config-files.js';
import type { Managed, ManagedKind, ManagedPart } from '../api/config-files.js';
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

interface ManagedCellProps {
  kind: ManagedKind;
  of: string;
  title: string;
  /** Of the thing, where files may leave that to people; its lock is opened with that of the whole. */
  part?: ManagedPart;
  /** Where the whole thing has a banner, which opens its lock. */
  hasBanner?: boolean;
  /** What changes it; nothing: it cannot be changed here. */
  children?: ReactNode;
}

/** What changes something, or the file that does: of rows of a table and of panels. */
export function ManagedCell(props: ManagedCellProps): ReactElement {
  const { kind, of, title, part, hasBanner = false, children } = props;
  const files = useFilesOf(kind, of);
  const managed = useManagedBy(kind, of, part);
  const locks = files !== null && (part === undefined || files.parts.includes(part));
  const byHand =
    locks && !hasBanner ? (
      <ManagedOverride kind={kind} of={of} title={title} fixed={children === undefined} />
    ) : null;
  if (managed === null)
    return (
      <>
        {children}
        {byHand}
      </>
    );
  return (
    <span title={`Applied ${dateTime(managed.appliedAt)} by ${managed.appliedBy}`}>
      In <ManagedPlace managed={managed} />
      {managed.revision === null ? '' : `, as of ${managed.revision}`} {byHand}
    </span>
  );
}
