import type { SearchQuestion } from '../src/api/search.js';
import { SEARCH_LOG, triedSearch } from './fixtures/search.js';
import type { PageQuestion } from '../src/api/pages.js';
import type { PreviewQuestion } from '../src/api/members.js';
import type { ReachRequest } from '../src/api/reach.js';
import type { RetentionKind } from '../src/api/types.js';
import { SEGMENTS, UNIT_LISTS, UNIT_TYPES } from './fixtures/audiences.js';
import { CATALOG, HOLDOUTS, LAYERS, SURFACES } from './fixtures/catalog.js';
import { FACETS, listOf, savedView } from './fixtures/experiment-list.js';
import { EXPERIMENTS, PHASES } from './fixtures/experiments.js';
import { adjustmentsFor, bayesianFor, cappingFor } from './fixtures/methods.js';
import { ALL_METRICS, metricDetail } from './fixtures/metrics.js';
import {
  BELIEFS,
  BELIEF_HISTORY,
  GAIN,
  INCREMENTALITY,
  LEDGER,
  PROPENSITIES,
  REWARD_DELAY,
} from './fixtures/policy-insights.js';
import { SETTLEMENT, previewChange } from './fixtures/policy-changes.js';
import { POLICY_AUDITS, REWARD_VERSIONS, SHADOWS as POLICY_SHADOWS } from './fixtures/policy-health.js';
import {
  ACTION_VALUES,
  ALLOCATION,
  POLICIES,
  POLICY_ACTIONS,
  SNAPSHOTS,
  TRAINING_RUNS,
} from './fixtures/policies.js';
import { coverageDetail, coveragePage } from './fixtures/item-coverage.js';
import { counterfactualOf, replayPage } from './fixtures/replays.js';
import { DIVERSITY, FAIRNESS, PINS } from './fixtures/policy-lists.js';
import { OFF_POLICY_RUN, OFF_POLICY_RUNS, OFF_POLICY_SLATES } from './fixtures/off-policy.js';
import { HOLDOUT_LIFTS, portfolioFor } from './fixtures/portfolio.js';
import { CONTACTS } from './fixtures/messages.js';
import { memberProfile, nextSession, previewOf } from './fixtures/members.js';
import { FEATURES, featureOf } from './fixtures/features.js';
import { modelCard } from './fixtures/models.js';
import { PAGE, ROWS, pagePreviewOf, wholePage } from './fixtures/pages.js';
import { POWER_PLAN } from './fixtures/power.js';
import { reachOf } from './fixtures/reach.js';
import { reportFor, seriesFor } from './fixtures/report.js';
import { forecastFor, retentionFor, survivalFor } from './fixtures/retention.js';
import { ASSIGNMENT_HEALTH, PROJECT_RULES } from './fixtures/assignment-health.js';
import { GUARDRAILS } from './fixtures/guardrails.js';
import { APPROVAL, CALENDAR, LAUNCH_CHECKS, NOTES, evidenceOf } from './fixtures/lifecycle.js';
import { SCHEDULE, trafficPreview } from './fixtures/changes.js';
import { TRADE_OFFS } from './fixtures/trade-offs.js';
import { eventRatesFor } from './fixtures/rates.js';
import { distributionFor, noveltyFor, segmentsFor } from './fixtures/units.js';
import {
  AUDIT,
  DECISIONS,
  EVENTS,
  KEYS,
  OPERATIONS,
  QUARANTINE,
  decisionDetail,
} from './fixtures/traffic.js';
import { DELIVERIES, WEBHOOKS, WEBHOOK_TYPES } from './fixtures/webhooks.js';

export interface Answer {
  status: number;
  /** A text is sent as it is, everything else as JSON. */
  body: unknown;
  headers?: Record<string, string>;
}

type Handler = (match: RegExpMatchArray, url: URL) => unknown;

const list = (items: unknown[]): unknown => ({ items, nextCursor: null });

function experiment(key: string | undefined) {
  return EXPERIMENTS.find((entry) => entry.key === key);
}

/** Reads by path; `undefined` is 404. */
const READS: readonly (readonly [RegExp, Handler])[] = [
  [/^\/v1\/catalog$/, () => CATALOG],
  [/^\/v1\/surfaces$/, () => list(SURFACES)],
  [/^\/v1\/config\/managed$/, () => list([])],
  [/^\/v1\/features$/, () => FEATURES],
  [/^\/v1\/features\/([^/]+)\/([^/]+)$/, ([, entity, name]) => featureOf(entity ?? '', name ?? '')],
  [/^\/v1\/layers$/, () => list(LAYERS)],
  [/^\/v1\/segments$/, () => list(SEGMENTS)],
  [/^\/v1\/unit-lists$/, () => list(UNIT_LISTS)],
  [/^\/v1\/unit-types$/, () => list(UNIT_TYPES)],
  [/^\/v1\/holdouts$/, () => list(HOLDOUTS)],
  [/^\/v1\/metrics$/, () => list([...ALL_METRICS])],
  [/^\/v1\/metrics\/([^/]+)$/, ([, key]) => metricDetail(key)],
  [/^\/v1\/experiments$/, (_match, url) => listOf(url.searchParams)],
  [/^\/v1\/experiment-facets$/, () => FACETS],
  [/^\/v1\/experiment-views$/, () => list([savedView('1', 'Drafts', { status: 'draft' })])],
  [/^\/v1\/experiments\/([^/]+)$/, ([, key]) => experiment(key)],
  [/^\/v1\/experiments\/([^/]+)\/schedule$/, () => SCHEDULE],
  [/^\/v1\/experiments\/([^/]+)\/guardrails$/, () => GUARDRAILS],
  [/^\/v1\/experiments\/([^/]+)\/assignment$/, ([, key]) => ({ ...ASSIGNMENT_HEALTH, experiment: key })],
  [/^\/v1\/assignment-rules$/, () => PROJECT_RULES],
  [/^\/v1\/experiments\/([^/]+)\/checklist$/, () => LAUNCH_CHECKS],
  [/^\/v1\/experiments\/([^/]+)\/approval$/, () => APPROVAL],
  [/^\/v1\/experiments\/([^/]+)\/notes$/, () => list(NOTES)],
  [
    /^\/v1\/experiments\/([^/]+)\/evidence$/,
    ([, key]) => withExperiment(key, (of) => list(evidenceOf(reportFor(of, 'ship')))),
  ],
  [/^\/v1\/settings\/approval$/, () => ({ required: true })],
  [/^\/v1\/calendar$/, () => CALENDAR],
  [/^\/v1\/experiments\/([^/]+)\/phases$/, () => list(PHASES)],
  [/^\/v1\/experiments\/([^/]+)\/report$/, ([, key]) => report(key)],
  [
    /^\/v1\/experiments\/([^/]+)\/report\/series$/,
    ([, key], url) => withExperiment(key, (of) => seriesFor(of, url.searchParams.get('metric') ?? '')),
  ],
  [
    /^\/v1\/experiments\/([^/]+)\/report\/adjustments$/,
    ([, key], url) =>
      withExperiment(key, (of) =>
        adjustmentsFor(of, url.searchParams.get('metric') ?? '', url.searchParams.get('stratifyBy')),
      ),
  ],
  [
    /^\/v1\/experiments\/([^/]+)\/report\/capping$/,
    ([, key], url) => withExperiment(key, (of) => cappingFor(of, url.searchParams.get('metric') ?? '')),
  ],
  [
    /^\/v1\/experiments\/([^/]+)\/report\/bayesian$/,
    ([, key], url) => withExperiment(key, (of) => bayesianFor(of, url.searchParams.get('metric') ?? '')),
  ],
  [/^\/v1\/portfolio$/, (_match, url) => portfolioFor(url.searchParams)],
  [/^\/v1\/portfolio\/holdouts$/, () => list([...HOLDOUT_LIFTS])],
  [
    /^\/v1\/experiments\/([^/]+)\/report\/retention$/,
    ([, key], url) =>
      withExperiment(key, (of) => retentionFor(of, (url.searchParams.get('kind') ?? 'day') as RetentionKind)),
  ],
  [
    /^\/v1\/experiments\/([^/]+)\/survival$/,
    ([, key], url) => withExperiment(key, (of) => survivalFor(of, url.searchParams.get('event') ?? 'cancel')),
  ],
  [
    /^\/v1\/experiments\/([^/]+)\/forecast$/,
    ([, key], url) => withExperiment(key, (of) => forecastFor(of, Number(url.searchParams.get('day') ?? 28))),
  ],
  [/^\/v1\/experiments\/([^/]+)\/segments\/scan$/, ([, key]) => withExperiment(key, segmentsFor)],
  [
    /^\/v1\/experiments\/([^/]+)\/distribution$/,
    ([, key], url) => withExperiment(key, (of) => distributionFor(of, url.searchParams.get('metric') ?? '')),
  ],
  [
    /^\/v1\/experiments\/([^/]+)\/novelty$/,
    ([, key], url) => withExperiment(key, (of) => noveltyFor(of, url.searchParams.get('metric') ?? '')),
  ],
  [
    /^\/v1\/experiments\/([^/]+)\/report\/rates$/,
    ([, key], url) => withExperiment(key, (of) => eventRatesFor(of, url.searchParams.get('event'))),
  ],
  [/^\/v1\/policies$/, () => list(POLICIES)],
  [/^\/v1\/policies\/([^/]+)$/, ([, id]) => POLICIES.find((policy) => policy.id === id)],
  [/^\/v1\/policies\/([^/]+)\/snapshots$/, () => list(SNAPSHOTS)],
  [/^\/v1\/policies\/([^/]+)\/allocation$/, () => ALLOCATION],
  [/^\/v1\/policies\/([^/]+)\/actions$/, () => list(POLICY_ACTIONS)],
  [/^\/v1\/policies\/([^/]+)\/beliefs$/, () => BELIEFS],
  [/^\/v1\/policies\/([^/]+)\/beliefs\/history$/, () => BELIEF_HISTORY],
  [/^\/v1\/policies\/([^/]+)\/propensities$/, () => PROPENSITIES],
  [/^\/v1\/policies\/([^/]+)\/gain$/, () => GAIN],
  [/^\/v1\/policies\/([^/]+)\/reward-delay$/, () => REWARD_DELAY],
  [/^\/v1\/policies\/([^/]+)\/exploration-ledger$/, () => LEDGER],
  [/^\/v1\/policies\/([^/]+)\/incrementality$/, () => INCREMENTALITY],
  [/^\/v1\/policies\/([^/]+)\/contacts$/, () => CONTACTS],
  [/^\/v1\/policies\/([^/]+)\/diversity$/, () => DIVERSITY],
  [/^\/v1\/policies\/([^/]+)\/fairness$/, () => FAIRNESS],
  [/^\/v1\/policies\/([^/]+)\/searches$/, () => SEARCH_LOG],
  [/^\/v1\/policies\/([^/]+)\/pins$/, () => list(PINS)],
  [/^\/v1\/policies\/([^/]+)\/action-values$/, () => ACTION_VALUES],
  [/^\/v1\/policies\/([^/]+)\/audit$/, () => list(POLICY_AUDITS)],
  [/^\/v1\/policies\/([^/]+)\/settlement$/, () => SETTLEMENT],
  [/^\/v1\/policies\/([^/]+)\/shadow$/, () => list(POLICY_SHADOWS)],
  [/^\/v1\/policies\/([^/]+)\/reward-versions$/, () => list(REWARD_VERSIONS)],
  [/^\/v1\/policies\/([^/]+)\/off-policy$/, () => list(OFF_POLICY_RUNS)],
  [
    /^\/v1\/policies\/([^/]+)\/off-policy\/([^/]+)$/,
    ([, , id]) => [OFF_POLICY_RUN, OFF_POLICY_SLATES].find((run) => String(run.id) === id),
  ],
  [/^\/v1\/policies\/([^/]+)\/trade-offs$/, () => list(TRADE_OFFS.map((run) => ({ ...run, result: null })))],
  [/^\/v1\/policies\/([^/]+)\/trade-offs\/([^/]+)$/, ([, , id]) => TRADE_OFFS.find((run) => run.id === id)],
  [/^\/v1\/pages$/, () => list([PAGE])],
  [/^\/v1\/pages\/home$/, () => PAGE],
  [/^\/v1\/items$/, () => list([...ROWS])],
  [/^\/v1\/policies\/([^/]+)\/warm-starts$/, () => list([])],
  [/^\/v1\/policies\/([^/]+)\/training-runs$/, () => list(TRAINING_RUNS)],
  [/^\/v1\/policies\/([^/]+)\/model-card$/, ([, id]) => modelCard(id ?? '')],
  [/^\/v1\/item-coverage$/, (_match, url) => coveragePage(url.searchParams)],
  [/^\/v1\/item-coverage\/([^/]+)$/, ([, id]) => coverageDetail(id ?? '')],
  [/^\/v1\/units\/([^/]+)\/next-session$/, ([, id]) => nextSession(id ?? '')],
  [
    /^\/v1\/units\/([^/]+)\/profile$/,
    ([, id], url) => memberProfile(id ?? '', url.searchParams.get('feature') ?? 'genre'),
  ],
  [/^\/v1\/decisions$/, (_match, url) => list(DECISIONS.filter((entry) => matches(entry, url)))],
  [/^\/v1\/decisions\/([^/]+)$/, ([, id]) => (id === 'unknown' ? undefined : decisionDetail(id ?? ''))],
  [/^\/v1\/decisions\/([^/]+)\/page$/, ([, id]) => wholePage(id ?? '')],
  [/^\/v1\/events$/, () => list(EVENTS)],
  [/^\/v1\/operations$/, () => OPERATIONS],
  [/^\/v1\/quarantine$/, () => list(QUARANTINE)],
  [/^\/v1\/keys$/, () => list(KEYS)],
  [/^\/v1\/audit$/, () => list(AUDIT)],
  [/^\/v1\/webhooks$/, () => ({ items: WEBHOOKS, nextCursor: null, types: WEBHOOK_TYPES })],
  [/^\/v1\/webhooks\/[^/]+\/deliveries$/, () => list(DELIVERIES)],
];

function matches(entry: { unitId: string; experiment: string | null }, url: URL): boolean {
  const unit = url.searchParams.get('unitId');
  const key = url.searchParams.get('experiment');
  return (unit === null || entry.unitId === unit) && (key === null || entry.experiment === key);
}

function withExperiment(
  key: string | undefined,
  make: (of: (typeof EXPERIMENTS)[number]) => unknown,
): unknown {
  const found = experiment(key);
  return found === undefined ? undefined : make(found);
}

function report(key: string | undefined): unknown {
  return withExperiment(key, (of) => reportFor(of, of.summary?.verdict ?? 'no-data'));
}

const NOT_FOUND: Answer = {
  status: 404,
  body: {
    type: 'about:blank',
    title: 'Not found',
    status: 404,
    code: 'not_found',
    detail: 'There is nothing with this key.',
    instance: 'req-404',
    errors: [],
  },
};

/** What the API would answer to a read. */
function read(url: URL): Answer {
  for (const [pattern, handler] of READS) {
    const match = url.pathname.match(pattern);
    if (match === null) continue;
    const body = handler(match, url);
    return body === undefined ? NOT_FOUND : { status: 200, body };
  }
  return NOT_FOUND;
}

const QUESTIONS: Readonly<Record<string, (body: never) => unknown>> = {
  '/v1/power': () => POWER_PLAN,
  '/v1/reach': (body: ReachRequest) => reachOf(body),
  '/v1/previews': (body: PreviewQuestion) => previewOf(body),
};

/** Answers to what is asked by POST, because the question is a body; undefined: it is a write. */
function question(path: string, body: Record<string, unknown>): unknown {
  const asked = QUESTIONS[path]?.(body as never);
  if (asked !== undefined) return asked;
  if (/^\/v1\/experiments\/[^/]+\/preview$/.test(path)) return trafficPreview(body);
  if (/^\/v1\/policies\/[^/]+\/preview$/.test(path)) return previewChange(body);
  if (path === '/v1/pages/home/preview') return pagePreviewOf(body as unknown as PageQuestion);
  const [, decision] = /^\/v1\/decisions\/([^/]+)\/counterfactual$/.exec(path) ?? [];
  if (decision !== undefined) return counterfactualOf(decision);
  const [, finder] = /^\/v1\/policies\/([^/]+)\/search$/.exec(path) ?? [];
  if (finder !== undefined) return triedSearch(finder, body as unknown as SearchQuestion);
  const [, policy] = /^\/v1\/policies\/([^/]+)\/replay$/.exec(path) ?? [];
  return policy === undefined ? undefined : replayPage(policy, body['cursor'] === undefined);
}

/** What the API would answer to any request; a write is accepted and changes nothing. */
export function answer(
  method: string,
  url: URL,
  body: Record<string, unknown>,
): Answer & { isWrite: boolean } {
  if (method === 'GET') return { ...read(url), isWrite: false };
  const asked = method === 'POST' ? question(url.pathname, body) : undefined;
  return { status: 200, body: asked ?? {}, isWrite: asked === undefined };
}
