import { Alert, Button, Skeleton, Stack } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { ReactElement } from 'react';
import { Suspense, lazy } from 'react';
import { usePowerPlan } from '../../api/queries.js';
import type { MetricDefinition } from '../../api/types.js';
import type { PowerPlan } from '../../api/types-power.js';
import { count, level, percent, plural } from '../../format/index.js';
import { Stat, Stats } from '../../ui/details.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { GoalFields, GuessFields, RefinementFields } from './power-fields.js';
import { DEFAULT_LIFT_PERCENT, powerRequest, usePowerInputs } from './power-request.js';
import type { SectionProps } from './section-props.js';

const PowerCurve = lazy(async () => ({ default: (await import('./power-curve.js')).PowerCurve }));
const TYPING_MS = 300;

/** What is typed, with what the metric and the past say where nothing is. */
function usePlanQuestion({ draft, reach }: SectionProps, metric: MetricDefinition | undefined) {
  const [typed, change] = usePowerInputs();
  const smallest = metric?.minimumLift === undefined ? DEFAULT_LIFT_PERCENT : metric.minimumLift * 100;
  const inputs = { ...typed, liftPercent: typed.liftPercent ?? smallest };
  // A guess of units a day is of those at full traffic; history knows who of the surface would take part.
  const reached = typed.guessPerDay === null ? (reach.data?.share ?? null) : null;
  const perDay = reached === null ? null : (reach.data?.perDay?.mean ?? null);
  return { inputs, change, traffic: reached ?? draft.traffic / 100, perDay };
}

/** How large and how long: from the history of the surface, or from a guess that is called one. */
export function PowerPanel(props: SectionProps): ReactElement {
  const { draft, set, catalog } = props;
  const metric = catalog.metrics.find(({ key }) => key === draft.decisionMetric);
  const share = metric?.kind === 'proportion' || metric?.kind === 'retention';
  const { inputs, change, traffic, perDay } = usePlanQuestion(props, metric);
  const [body] = useDebouncedValue(powerRequest(draft, inputs, share, traffic), TYPING_MS);
  const query = usePowerPlan(body);
  return (
    <Panel title="How large, how long">
      <Stack gap="md">
        <GoalFields inputs={inputs} set={change} catalog={catalog} />
        <GuessFields inputs={inputs} set={change} share={share} />
        <RefinementFields inputs={inputs} set={change} />
        {body === null || metric === undefined ? (
          <StateMessage title="Nothing to plan yet">
            Choose a decision metric and give at least two arms a weight.
          </StateMessage>
        ) : (
          <QueryBoundary query={query} what="power plan" lines={5}>
            {(plan) => (
              <Plan
                plan={plan}
                metric={metric}
                minimumDays={draft.minimumDays}
                perDay={perDay}
                take={(plannedUnits) => set({ plannedUnits })}
              />
            )}
          </QueryBoundary>
        )}
      </Stack>
    </Panel>
  );
}

interface PlanProps {
  plan: PowerPlan;
  metric: MetricDefinition;
  minimumDays: number;
  /** Units a day that the design reaches; null: not known. */
  perDay: number | null;
  take: (plannedUnits: number) => void;
}

const GUESSES: Record<string, string> = {
  'guess.mean': 'a baseline',
  'guess.standardDeviation': 'a standard deviation',
  'guess.unitsPerDay': 'new units a day',
};

const guesses = (missing: readonly string[]): string =>
  missing.map((key) => GUESSES[key] ?? key).join(' and ');

function Plan({ plan, metric, minimumDays, perDay, take }: PlanProps): ReactElement {
  if (plan.status === 'needs-guess')
    return (
      <StateMessage title="No history to plan from">
        {metric.title} has not been measured here with any spread. Give {guesses(plan.missing)} above as a
        guess.
      </StateMessage>
    );
  const { size, reverse } = plan;
  return (
    <Stack gap="md">
      {size === null ? (
        <Alert color="orange" variant="light" title="Out of reach">
          No number of units finds this lift: a share cannot rise above 100 %, or the lift is too small.
        </Alert>
      ) : (
        <Size plan={plan} size={size} take={take} />
      )}
      <p>
        <Source plan={plan} metric={metric} perDay={perDay} />
      </p>
      {reverse === null ? null : (
        <p>
          In {plural(reverse.days, 'day')} ({count(reverse.units)} units){' '}
          {reverse.lift === null
            ? 'no lift can be found.'
            : `the smallest lift that can be found is ${percent(reverse.lift, 1)}.`}
          {reverse.days === minimumDays ? ' This is the shortest run set above.' : ''}
        </p>
      )}
      {plan.curve.length === 0 ? null : (
        <Suspense fallback={<Skeleton height={220} />}>
          <PowerCurve points={plan.curve} />
        </Suspense>
      )}
    </Stack>
  );
}

type Size = NonNullable<PowerPlan['size']>;

function Size({ plan, size, take }: { plan: PowerPlan; size: Size; take: PlanProps['take'] }): ReactElement {
  const price = plan.fixed?.price ?? 1;
  return (
    <>
      <Stats>
        <Stat
          label="Units per arm"
          value={size.arms.map(({ key, units }) => `${key} ${count(units)}`).join(', ')}
        />
        <Stat label="Units in all" value={count(size.totalUnits)} />
        <Stat label="Days" value={daysText(plan)} />
        <Stat
          label="Price of looking"
          value={price < 1.005 ? 'none: read once' : `${count(Math.round((price - 1) * 100))} % more units`}
        />
      </Stats>
      <Button variant="default" onClick={() => take(size.totalUnits)}>
        Plan {count(size.totalUnits)} units
      </Button>
    </>
  );
}

function daysText(plan: PowerPlan): string {
  if (plan.traffic === null) return 'not known: guess new units a day';
  return plan.days === null ? 'more than a year' : plural(plan.days, 'day');
}

/** Where the numbers come from, so that a guess is never taken for a measurement. */
function Source({ plan, metric, perDay }: Pick<PlanProps, 'plan' | 'metric' | 'perDay'>): ReactElement {
  const { baseline, traffic, comparisons, alphaPerComparison } = plan;
  if (baseline === null) return <></>;
  const from =
    baseline.source === 'guess'
      ? 'a guess'
      : `${count(baseline.units ?? 0)} control units of ${baseline.experiment?.title ?? 'an earlier experiment'}`;
  return (
    <>
      Baseline {level(baseline.mean, metric.measuredIn)} from {from}.{' '}
      {traffic === null
        ? 'Traffic is not known.'
        : traffic.source === 'guess'
          ? 'Traffic is a guess.'
          : `Traffic from the distinct units that the surface served in the last ${plural(traffic.cumulativeUnits.length, 'day')}; later days carry its last week on.`}{' '}
      {perDay === null ? '' : `Of those about ${count(perDay)} a day take part, as counted above.`}{' '}
      {comparisons > 1
        ? `${comparisons} comparisons share the error: ${percent(alphaPerComparison, 2)} each.`
        : ''}
    </>
  );
}
