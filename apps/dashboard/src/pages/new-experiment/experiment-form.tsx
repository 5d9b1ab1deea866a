import type { FormEvent, ReactElement } from 'react';
import { useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { ApiError, segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Experiment } from '../../api/types.js';
import layout from '../../ui/layout.module.css';
import { ArmsSection } from './arms-section.js';
import { AudienceSection } from './audience-section.js';
import { BasicsSection } from './basics-section.js';
import { OWN_LAYER, emptyDraft, toBody } from './draft.js';
import type { ExperimentDraft } from './draft.js';
import { defaultLayer } from './layers.js';
import { MeasureSection } from './measure-section.js';
import { fromApi, problemsOf } from './problems.js';
import { PowerPanel } from './power-panel.js';
import { ReviewPanel } from './review-panel.js';
import type { SectionProps } from './section-props.js';

type FormProps = Pick<SectionProps, 'catalog' | 'surfaces' | 'layers' | 'policies'>;

export function ExperimentForm(registries: FormProps): ReactElement {
  const [draft, setDraft] = useState<ExperimentDraft>(emptyDraft);
  const [tried, setTried] = useState(false);
  const saving = useSaving();
  const form = useRef<HTMLFormElement>(null);
  const effective = draft.layer === '' ? { ...draft, layer: defaultLayer(registries.layers) } : draft;
  const own = problemsOf(effective);
  const problems = tried ? { ...fromApi(saving.fields), ...own } : {};
  const set = (change: Partial<ExperimentDraft>): void => setDraft((current) => ({ ...current, ...change }));

  const save = (start: boolean): void => {
    setTried(true);
    if (Object.keys(own).length > 0) {
      // The first field with a message, once React has drawn it.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    void saving.save(effective, start);
  };
  const section: SectionProps = { ...registries, draft: effective, set, problems };
  return (
    <form
      ref={form}
      noValidate
      className={layout.aside}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save(true);
      }}
    >
      <div className={layout.stack}>
        <BasicsSection {...section} />
        <ArmsSection {...section} />
        <AudienceSection {...section} />
        <MeasureSection {...section} />
        <PowerPanel {...section} />
      </div>
      <ReviewPanel
        {...section}
        own={own}
        tried={tried}
        error={saving.error}
        pending={saving.pending}
        saveDraft={() => save(false)}
      />
    </form>
  );
}

interface Saving {
  save: (draft: ExperimentDraft, start: boolean) => Promise<void>;
  pending: boolean;
  error: Error | null;
  fields: ApiError['fields'];
}

/** Creates, and starts if asked to. A draft that was created but refused to start is opened, not lost. */
function useSaving(): Saving {
  const navigate = useNavigate();
  const create = useWrite<Experiment>(['/v1/experiments', '/v1/layers']);
  const start = useWrite<Experiment>(['/v1/experiments']);
  const created = useRef<Experiment | null>(null);
  const layer = useWrite(['/v1/layers']);
  const ownLayer = useRef<string | null>(null);
  const save = async (draft: ExperimentDraft, alsoStart: boolean): Promise<void> => {
    try {
      const body = toBody(draft);
      if (draft.layer === OWN_LAYER && ownLayer.current !== body.layer) {
        await layer.mutateAsync({ path: '/v1/layers', body: { key: body.layer, title: body.title } });
        ownLayer.current = body.layer;
      }
      // After a refused start the draft exists: it is changed rather than created twice.
      const before = created.current?.key === body.key ? created.current : null;
      const { key, ...changes } = body;
      created.current =
        before === null
          ? await create.mutateAsync({ path: '/v1/experiments', body })
          : await create.mutateAsync({
              path: `/v1/experiments/${segment(key)}`,
              method: 'PATCH',
              body: changes,
              version: before.version,
            });
      if (alsoStart) await start.mutateAsync({ path: `/v1/experiments/${segment(key)}/start` });
      await navigate(`/experiments/${key}`);
    } catch {
      // The mutations keep their errors; the review panel shows them.
    }
  };
  const error = layer.error ?? create.error ?? start.error;
  return {
    save,
    pending: layer.isPending || create.isPending || start.isPending,
    error,
    fields: error instanceof ApiError ? error.fields : [],
  };
}
