import { Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { Reach, ReachStep } from '../api/reach.js';
import { count, percent, plural } from '../format/index.js';
import { DataTable } from './data-table.js';
import type { Column } from './data-table.js';
import styles from './reach-view.module.css';

const STEPS: Readonly<Record<ReachStep, string>> = {
  asked: 'asked for the surface',
  targeting: 'meet the targeting',
  free: 'are in no holdout and no earlier experiment here',
  layer: 'are in its part of the layers',
  prerequisite: 'are in the arms that it needs',
  traffic: 'take part, by the traffic',
};

interface ReachViewProps {
  query: UseQueryResult<Reach>;
  /** Shown until there is something to ask. */
  waiting: string;
}

/** How many units a day take part, by the past, and what the past cannot tell. */
export function ReachView({ query, waiting }: ReachViewProps): ReactElement {
  const { data, error, isFetching, isPending } = query;
  return (
    <section className={styles.reach} aria-label="Reach" aria-busy={isFetching} aria-live="polite">
      {error !== null ? (
        <p role="alert">How many it reaches could not be counted: {error.message}</p>
      ) : data !== undefined ? (
        <Counted reach={data} />
      ) : isPending && isFetching ? (
        <Skeleton height={48} />
      ) : (
        <p className="mq-muted">{waiting}</p>
      )}
    </section>
  );
}

const unitsOf = (n: number, unitType: string): string => `${count(n)} ${unitType}${n === 1 ? '' : 's'}`;

function Counted({ reach }: { reach: Reach }): ReactElement {
  const { perDay, window, unitType, unknown, steps } = reach;
  return (
    <>
      {perDay === null ? (
        <p className={styles.figure}>How many units a day it reaches is not known</p>
      ) : (
        <>
          <p className={styles.figure}>Matches about {unitsOf(perDay.mean, unitType)} a day</p>
          <p className="mq-muted">
            {perDay.low === perDay.high
              ? `In each of the last ${plural(window.days, 'day')}.`
              : `Between ${count(perDay.low)} and ${count(perDay.high)} in the last ${plural(window.days, 'day')}.`}{' '}
            {reach.share === null ? '' : `${percent(reach.share, 0)} of those who asked for the surface.`}
          </p>
        </>
      )}
      {unknown.length === 0 ? null : (
        <ul className={styles.unknown}>
          {unknown.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {steps.length === 0 ? null : (
        <details>
          <summary>Who is left after each step</summary>
          <DataTable
            caption="Units after each step"
            columns={stepColumns(steps[0]?.units ?? 0, unitType)}
            rows={steps}
            rowKey={({ step }) => step}
            dense
          />
        </details>
      )}
    </>
  );
}

const stepColumns = (asked: number, unitType: string): Column<Reach['steps'][number]>[] => [
  { key: 'step', title: `${unitType}s of all days that`, cell: ({ step }) => STEPS[step] },
  { key: 'units', title: 'Units', align: 'right', cell: ({ units }) => count(units) },
  {
    key: 'share',
    title: 'Of all',
    align: 'right',
    cell: ({ units }) => percent(asked === 0 ? null : units / asked, 1),
  },
];
