import { Alert, Button, Stack } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { ApiError, segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Catalog } from '../../api/types.js';
import type { Metric } from '../../api/types-metrics.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { BasicsSection } from './basics-section.js';
import { problemsOf } from './field-props.js';
import type { SectionProps } from './field-props.js';
import { JudgeSection } from './judge-section.js';
import { MeasureSection } from './measure-section.js';
import { bodyOf, draftOf, emptyMetric } from './metric-draft.js';
import type { MetricDraft } from './metric-draft.js';
import { metricSentence } from './sentence.js';
import styles from './metrics.module.css';

interface MetricFormProps {
  outcomes: Catalog['outcomes'];
  /** The metric that gets a new version; absent: a new one. */
  metric?: Metric;
}

/** Defines a metric, or its next version. The API says what is wrong, field by field. */
export function MetricForm({ outcomes, metric }: MetricFormProps): ReactElement {
  const [draft, setDraft] = useState<MetricDraft>(() => (metric ? draftOf(metric) : emptyMetric()));
  const write = useWrite<Metric>(['/v1/metrics', '/v1/catalog']);
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const problems = problemsOf(write.error instanceof ApiError ? write.error.fields : []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const body = bodyOf(draft);
    write.mutate(
      metric
        ? {
            path: `/v1/metrics/${segment(metric.key)}`,
            method: 'PUT',
            body: { ...body, version: metric.version },
          }
        : { path: '/v1/metrics', body },
      {
        onSuccess: () => void navigate(`/metrics/${segment(body.key)}`),
        onError: () =>
          // The first field with a message, once React has drawn it.
          requestAnimationFrame(() =>
            form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
          ),
      },
    );
  };
  const section: SectionProps = {
    draft,
    set: (change) => setDraft((current) => ({ ...current, ...change })),
    problems,
    outcomes,
  };
  return (
    <form ref={form} noValidate className={layout.aside} onSubmit={submit}>
      <div className={layout.stack}>
        <BasicsSection {...section} fixedKey={metric !== undefined} />
        <MeasureSection {...section} />
        <JudgeSection {...section} />
      </div>
      <div className={styles.review}>
        <Panel title="In plain English">
          <Stack gap="md">
            <p className={styles.sentence} aria-live="polite">
              {metricSentence(bodyOf(draft))}
            </p>
            <Refusal error={write.error} />
            <Button type="submit" loading={write.isPending}>
              {metric ? `Save as version ${metric.version + 1}` : 'Create metric'}
            </Button>
          </Stack>
        </Panel>
      </div>
    </form>
  );
}

function Refusal({ error }: { error: Error | null }): ReactElement | null {
  if (error === null) return null;
  const fields = error instanceof ApiError ? error.fields : [];
  return (
    <Alert color="orange" variant="light" title="The API refused it" role="alert">
      {fields.length > 0 ? (
        <ul className={styles.errors}>
          {fields.map(({ pointer, message }) => (
            <li key={`${pointer} ${message}`}>{message}</li>
          ))}
        </ul>
      ) : (
        error.message
      )}
    </Alert>
  );
}
