import { Button, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { query, segment } from '../../api/http.js';
import { useMemberProfile } from '../../api/members.js';
import type { MemberProfile } from '../../api/members.js';
import { useWrite } from '../../api/mutations.js';
import { date } from '../../format/index.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';
import { useUrlState } from '../../ui/url-state.js';
import { MemberView } from './member-view.js';

/** What the models believe about a member, for those who answer for it. */
export function MemberPage(): ReactElement {
  const { id = '' } = useParams();
  return id === '' ? <NobodyYet /> : <OneMember key={id} id={id} />;
}

const META = 'What policies see and believe of a member. Every look is noted in the audit log.';

function NobodyYet(): ReactElement {
  return (
    <>
      <PageHeader title="Members" meta={META} />
      <Search id="" />
      <StateMessage icon="info" title="Nobody is looked at yet">
        Open a member by the id that your product sends as unitId.
      </StateMessage>
    </>
  );
}

function Search({ id }: { id: string }): ReactElement {
  const [text, setText] = useState(id);
  const navigate = useNavigate();
  return (
    <form
      className={layout.toolbar}
      aria-label="Open a member"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') void navigate(`/members/${segment(text.trim())}`);
      }}
    >
      <TextInput
        label="Member"
        className={layout.grow ?? ''}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" variant="default">
        Open
      </Button>
    </form>
  );
}

function OneMember({ id }: { id: string }): ReactElement {
  const [feature, setFeature] = useUrlState('feature');
  const profile = useMemberProfile(id, feature || 'genre');
  return (
    <>
      <PageHeader
        title={`Member ${id}`}
        parent={{ to: '/members', label: 'Members' }}
        status={profile.data === undefined ? undefined : <State profile={profile.data} />}
        meta={META}
        actions={profile.data === undefined ? undefined : <Actions profile={profile.data} />}
      />
      <Search id={id} />
      <QueryBoundary query={profile} what="member" lines={8}>
        {(data) => <MemberView profile={data} setFeature={setFeature} />}
      </QueryBoundary>
    </>
  );
}

function State({ profile }: { profile: MemberProfile }): ReactElement {
  if (profile.erasedAt !== null)
    return <Pill tone="bad" icon="trash" label={`Erased ${date(profile.erasedAt)}`} />;
  if (profile.personalised) return <Pill icon="check" label="Personalised" />;
  return <Pill tone="solid" icon="shield" label={`Not personalised since ${date(profile.since)}`} />;
}

function Actions({ profile }: { profile: MemberProfile }): ReactElement {
  const [asking, setAsking] = useState(false);
  const { unitId, personalised } = profile;
  const path = `/v1/units/${segment(unitId)}`;
  const write = useWrite([path]);
  const close = (): void => {
    setAsking(false);
    write.reset();
  };
  const verb = personalised ? 'Stop personalising' : 'Personalise again';
  return (
    <>
      <Button component={Link} variant="default" to={`/preview${query({ unit: unitId })}`}>
        Preview
      </Button>
      <Button component={Link} variant="default" to={`/decisions${query({ unit: unitId })}`}>
        Decisions
      </Button>
      {profile.erasedAt === null ? (
        <Button variant="default" onClick={() => setAsking(true)}>
          {verb}
        </Button>
      ) : null}
      <ConfirmDialog
        opened={asking}
        title={`${verb}?`}
        confirmLabel={verb}
        reason="none"
        pending={write.isPending}
        error={write.error}
        onConfirm={() =>
          write.mutate(
            { path: `${path}/personalisation`, method: 'PUT', body: { personalised: !personalised } },
            { onSuccess: close },
          )
        }
        onClose={close}
      >
        {personalised
          ? 'Policies then answer as for somebody new, alike for all who ask for it; recommenders serve what is popular. Experiments go on counting the member.'
          : 'Policies may use what the member has watched again.'}
      </ConfirmDialog>
    </>
  );
}
