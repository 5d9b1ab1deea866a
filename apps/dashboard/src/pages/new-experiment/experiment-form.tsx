import { Alert, Button } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { segment } from '../../api/http.js';
import type { Experiment } from '../../api/types.js';
import layout from '../../ui/layout.module.css';
import { ArmsSection } from './arms-section.js';
import { AssigningSection } from './assigning-section.js';
import { AudienceSection } from './audience-section.js';
import { BasicsSection } from './basics-section.js';
import { firstDraft } from './draft.js';
import { useKeptDraft } from './kept-draft.js';
import { LaunchDialog } from './launch-dialog.js';
import { defaultLayer, layerProblems } from './layers.js';
import { MeasureSection } from './measure-section.js';
import { fromApi, problemsOf } from './problems.js';
import { PowerPanel } from './power-panel.js';
import { useDraftReach } from './reach-request.js';
import { ReviewPanel } from './review-panel.js';
import { useSaving } from './saving.js';
import type { SectionProps } from './section-props.js';
import { firstSurface } from './surfaces.js';

type FormProps = Pick<SectionProps, 'catalog' | 'surfaces' | 'layers' | 'policies'>;

export function ExperimentForm(registries: FormProps): ReactElement {
  const { draft, set, restored, discard, forget } = useKeptDraft(() => firstDraft(registries.catalog));
  const [tried, setTried] = useState(false);
  const [launching, setLaunching] = useState<Experiment | null>(null);
  const navigate = useNavigate();
  const saving = useSaving();
  const form = useRef<HTMLFormElement>(null);
  const effective = {
    ...draft,
    layer: draft.layer || defaultLayer(registries.layers, draft),
    surface: draft.surface || firstSurface(registries.surfaces),
  };
  const reach = useDraftReach(effective);
  const own = { ...problemsOf(effective), ...layerProblems(effective, registries.layers) };
  const problems = tried ? { ...fromApi(saving.fields), ...own } : {};

  const save = (then: (saved: Experiment) => void): void => {
    setTried(true);
    if (Object.keys(own).length > 0) {
      // The first field with a message, once React has drawn it.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    void saving.save(effective).then((saved) => {
      if (saved === null) return;
      forget();
      then(saved);
    });
  };
  const open = ({ key }: Experiment): void => void navigate(`/experiments/${segment(key)}`);
  const section: SectionProps = { ...registries, draft: effective, set, problems, reach };
  return (
    <>
      <form
        ref={form}
        noValidate
        className={layout.aside}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          save(setLaunching);
        }}
      >
        <div className={layout.stack}>
          {restored ? <Restored discard={discard} /> : null}
          <BasicsSection {...section} />
          <ArmsSection {...section} />
          <AudienceSection {...section} />
          <AssigningSection {...section} />
          <MeasureSection {...section} />
          <PowerPanel {...section} />
        </div>
        <ReviewPanel
          {...section}
          own={own}
          tried={tried}
          error={saving.error}
          pending={saving.pending}
          saveDraft={() => save(open)}
        />
      </form>
      {launching === null ? null : (
        <LaunchDialog
          experiment={launching}
          started={() => open(launching)}
          close={() => setLaunching(null)}
        />
      )}
    </>
  );
}

function Restored({ discard }: { discard: () => void }): ReactElement {
  return (
    <Alert color="gray" variant="light" role="status" title="What you typed before is here again">
      It was kept when the page was left or loaded anew.{' '}
      <Button variant="default" size="compact-sm" onClick={discard}>
        Start over
      </Button>
    </Alert>
  );
}
