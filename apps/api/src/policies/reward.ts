import { z } from 'zod';

const finite = z.number().refine(Number.isFinite, 'must be a finite number');

const outcomeRule = z.strictObject({
  name: z.string().min(1).max(128).describe('Name of the outcome that counts, e.g. "play".'),
  of: z
    .enum(['decision', 'unit', 'item', 'within'])
    .optional()
    .describe(
      'Whose outcome: "decision" (the default) must name the decision; "unit" is any of the same unit that names no ' +
        'decision or another one, and counts for every position that was seen; "item" names the decision, or is any of ' +
        'the same unit about the same action or subject, wherever it came about; "within" names the decision, or one ' +
        'made within it (a row of the page, the artwork of a title), and counts for the action that one is about. All ' +
        'but the first need a window.',
    ),
  afterSeconds: z
    .number()
    .min(0)
    .max(7_776_000)
    .optional()
    .describe('Outcomes sooner than this after the decision do not count.'),
  value: z
    .enum(['one', 'value'])
    .default('one')
    .describe('"one": the outcome is worth 1; "value": it is worth the number that was sent with it.'),
  min: finite.optional().describe('An outcome with a smaller value, or with none, does not count.'),
  max: finite.optional().describe('A larger value counts as this one.'),
  scale: finite
    .optional()
    .describe('The worth is multiplied by this; negative for outcomes that are unwelcome.'),
});

const measure = {
  outcomes: z
    .array(outcomeRule)
    .min(1)
    .max(32)
    .describe('Outcomes that count; the first rule with the name applies.'),
  combine: z
    .enum(['max', 'sum', 'any'])
    .default('max')
    .describe('Several outcomes of one decision: the largest, their sum, or 1 if there is any.'),
  default: finite
    .optional()
    .describe('Worth of what was seen and had no counting outcome when the window closed; absent: 0.'),
  min: finite.optional().describe('It is at least this.'),
  max: finite.optional().describe('It is at most this.'),
};

const ordered = ({ min, max }: { readonly min?: number | undefined; readonly max?: number | undefined }) =>
  (min ?? -Infinity) <= (max ?? Infinity);
const DISORDER = { message: 'min must not be greater than max', path: ['min'] };

/** Most further signals of one definition. */
export const MOST_SIGNALS = 8;

/** How outcomes become the number that a policy learns from, and what else is measured beside it. */
export const rewardSchema = z
  .strictObject({
    ...measure,
    signals: z
      .record(z.string().min(1).max(100), z.strictObject(measure).refine(ordered, DISORDER))
      .refine((signals) => Object.keys(signals).length <= MOST_SIGNALS, `at most ${MOST_SIGNALS} signals`)
      .optional()
      .describe(
        'What else is measured of the same decision, by name: costs, guardrails, further objectives. Settled with the ' +
          'reward, with its window and attribution, for wrappers that name it.',
      ),
    incremental: z
      .strictObject({
        by: z
          .array(z.string().min(1).max(100))
          .max(3)
          .default([])
          .describe(
            'Attributes of the context within whose values the expected outcome is estimated as well.',
          ),
      })
      .optional()
      .describe(
        'The reward has as its mean what showing brings, the outcome with minus the outcome without. It is made of the ' +
          'decisions that the policy withholds and of those that it shows. Absent: the reward is the outcome.',
      ),
  })
  .refine(ordered, DISORDER);

/** Further signals of one reward, by name. */
export type Signals = Readonly<Record<string, number>>;
export type RewardDefinition = z.output<typeof rewardSchema>;
type Measure = Omit<RewardDefinition, 'signals' | 'incremental'>;
type OutcomeRule = Measure['outcomes'][number];

/** What the reward needs of a served decision. `at` is Unix milliseconds. */
export interface ServedDecision {
  readonly at: number;
  readonly exposed: boolean;
  readonly served: readonly ServedPosition[];
  /** What the choice is about; outcomes of the item may name it. */
  readonly subject?: string | null;
  /** A single choice was withheld (true) or shown (false) by lot. Absent: no lot was drawn, or it is a slate. */
  readonly withheld?: boolean | undefined;
  /** Lots were drawn, so exposures alone prove that something was seen. Absent: of a single choice, whether `withheld` is there. */
  readonly byExposure?: boolean | undefined;
}

/** One action that was served, at its 0-based position. */
export interface ServedPosition {
  readonly actionId: string;
  readonly position: number;
  readonly propensity: number;
  /** Of a place of a slate: the lot that it drew. Absent: none. */
  readonly lot?: { readonly withheld: boolean; readonly propensity: number };
  /** What stood there instead, where it was withheld. */
  readonly instead?: string;
}

/** An event that names the decision, or (`ofUnit`) another of its unit. `at` is Unix milliseconds. */
export interface LinkedEvent {
  readonly ofUnit?: boolean;
  /** It names a decision made within this one; `actionId` is the action that one is about. */
  readonly within?: boolean;
  readonly id: string;
  readonly kind: 'exposure' | 'outcome';
  readonly at: number;
  readonly name: string | null;
  readonly value: number | null;
  readonly actionId: string | null;
  readonly itemId: string | null;
  readonly position: number | null;
}

export interface PositionReward extends ServedPosition {
  readonly reward: number;
  /** Absent where the definition measures nothing else. */
  readonly signals?: Signals;
}

export interface Settlement {
  /** Positions to learn from; empty when nothing was seen, or (without a window) nothing has happened yet. */
  readonly rewards: readonly PositionReward[];
  readonly exposed: boolean;
  /** First place whose stand-in had a counting outcome; Infinity where none had. */
  readonly standInAt: number;
  /** Counting outcomes that no single served action could be credited with. */
  readonly unattributed: number;
}

/** The rules of the reward and of its signals that reach beyond outcomes naming the decision, with their JSON pointers below it. */
export function widerRules({ outcomes, signals = {} }: RewardDefinition): {
  name: string;
  of: 'unit' | 'item' | 'within';
  pointer: string;
}[] {
  const rulesOf = (rules: readonly OutcomeRule[], pointer: string) =>
    rules.flatMap(({ name, of = 'decision' }, i) =>
      of === 'decision' ? [] : [{ name, of, pointer: `${pointer}/${i}/of` }],
    );
  return [
    ...rulesOf(outcomes, '/outcomes'),
    ...Object.entries(signals).flatMap(([name, signal]) =>
      rulesOf(signal.outcomes, `/signals/${pointerToken(name)}/outcomes`),
    ),
  ];
}

const isOfUnit = (of: OutcomeRule['of']): boolean => of === 'unit' || of === 'item';

/** A name as part of a JSON pointer (RFC 6901). */
const pointerToken = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Worth of one outcome, or null when it does not count. @param age seconds since its decision; null: not looked at. */
export function worthOf(
  definition: Pick<Measure, 'outcomes'>,
  name: string | null,
  value: number | null,
  age: number | null = null,
  from: Pick<LinkedEvent, 'ofUnit' | 'within'> = {},
): number | null {
  const rule = ruleFor(definition, name, from);
  if (!rule || (age !== null && age < (rule.afterSeconds ?? -Infinity))) return null;
  return ruleWorth(rule, value);
}

/** The first rule for outcomes of the name that name the decision, one within it, or (`ofUnit`) another one or none. */
const ruleFor = (
  { outcomes }: Pick<Measure, 'outcomes'>,
  name: string | null,
  { ofUnit, within }: Pick<LinkedEvent, 'ofUnit' | 'within'> = {},
) => {
  const reaches = ({ of }: OutcomeRule): boolean => {
    if (within) return of === 'within';
    return ofUnit ? isOfUnit(of) : of !== 'unit';
  };
  return outcomes.find((rule) => rule.name === name && reaches(rule));
};

function ruleWorth(rule: OutcomeRule, value: number | null): number | null {
  if (rule.min !== undefined && (value === null || value < rule.min)) return null;
  if (rule.value === 'one') return rule.scale ?? 1;
  if (value === null || !Number.isFinite(value)) return null;
  return Math.min(value, rule.max ?? Infinity) * (rule.scale ?? 1);
}

/** The client speaks of an action that was not served: a mix-up that proves and counts nothing. */
const isMixUp = (event: LinkedEvent, served: readonly ServedPosition[]): boolean =>
  event.actionId !== null &&
  !served.some(({ actionId, instead }) => event.actionId === actionId || event.actionId === instead);

/** Where the choice was withheld, events may name what the place showed instead. */
const counts = (event: LinkedEvent, { served, withheld }: ServedDecision): boolean =>
  withheld === true || !isMixUp(event, served);

/**
 * Which served action an event is about: the action it names, else the position, else the item. A single choice
 * takes every event of its decision; what is about a stand-in is about the place where it stands.
 * @returns an index into `served`, or -1 when the event cannot be placed.
 */
export function attribute(event: LinkedEvent, served: readonly ServedPosition[]): number {
  if (event.actionId !== null) return placeNamed(event.actionId, served);
  if (served.length === 1) return 0;
  if (event.position !== null) return served.findIndex((one) => one.position === event.position);
  if (event.itemId !== null) return placeNamed(event.itemId, served);
  return -1;
}

function placeNamed(id: string, served: readonly ServedPosition[]): number {
  const chosen = served.findIndex((one) => one.actionId === id);
  return chosen >= 0 ? chosen : served.findIndex((one) => one.instead === id);
}

/** What happens with a stand-in is no outcome of what it stands in for. */
const isOfStandIn = (event: LinkedEvent, place: ServedPosition | undefined): boolean =>
  !event.ofUnit && place?.instead !== undefined && (event.actionId ?? event.itemId) !== place.actionId;

/**
 * The rewards of one decision. An outcome counts when it happened no later than the window's end; there is no lower
 * bound, because an event that names a decision came after it whatever the client's clock says. An exposed position
 * without counting outcomes gets the default (0 unless the definition says otherwise) at the window's end; without a window (`windowSeconds` 0) only the first counting
 * outcome of a position makes a reward, and there is no default. Signals are measured of the same events, for every position
 * that gets a reward. Where a lot was drawn, exposures alone prove that a decision was seen: outcomes would prove it of
 * what was shown more often than of what was withheld, and the two would no longer be alike.
 * @param windowSeconds attribution window after the decision; 0 for none.
 */
export function settle(
  decision: ServedDecision,
  events: readonly LinkedEvent[],
  definition: RewardDefinition,
  windowSeconds: number,
): Settlement {
  const closes = windowSeconds === 0 ? Infinity : decision.at + windowSeconds * 1000;
  const inWindow = events
    .filter((event) => event.at <= closes && (event.ofUnit || counts(event, decision)))
    .sort(inTime);
  const { worths, unplaced, standInAt } = placeWorths(decision, inWindow, definition);
  const signals = Object.entries(definition.signals ?? {}).map(([name, signal]) => {
    const placed = placeWorths(decision, inWindow, signal);
    placed.unplaced.forEach((id) => unplaced.add(id));
    return { name, signal, worths: placed.worths };
  });
  const signalsAt = (index: number): { signals?: Signals } => {
    const values = signals.map(({ name, signal, worths: all }) => [
      name,
      measured(all[index] as number[], signal),
    ]);
    return values.length === 0 ? {} : { signals: Object.fromEntries(values) as Signals };
  };
  const seen = exposedPositions(
    decision,
    inWindow.filter((event) => !event.ofUnit && (!isByExposure(decision) || event.kind === 'exposure')),
  );
  const rewards: PositionReward[] = [];
  decision.served.forEach((served, index) => {
    const list = worths[index] as number[];
    if (!seen[index] || (windowSeconds === 0 && list.length === 0)) return;
    const counting = windowSeconds === 0 ? list.slice(0, 1) : list;
    rewards.push({ ...served, reward: measured(counting, definition), ...signalsAt(index) });
  });
  return { rewards, exposed: seen.some(Boolean), standInAt, unattributed: unplaced.size };
}

const isByExposure = ({ byExposure, withheld }: ServedDecision): boolean =>
  byExposure ?? withheld !== undefined;

/** The worths of counting outcomes, by position; outcomes of the unit count at every position. */
function placeWorths(
  decision: ServedDecision,
  events: readonly LinkedEvent[],
  definition: Measure,
): { worths: number[][]; unplaced: Set<string>; standInAt: number } {
  const worths: number[][] = decision.served.map(() => []);
  const unplaced = new Set<string>();
  let standInAt = Infinity;
  for (const event of events) {
    if (event.kind !== 'outcome') continue;
    const age = (event.at - decision.at) / 1000;
    const worth = worthOf(definition, event.name, event.value, age, event);
    if (worth === null) continue;
    const isOfItem = ruleFor(definition, event.name, event)?.of === 'item';
    if (isOfItem && isAboutAnother(event, decision)) continue;
    const places = event.ofUnit ? placesOf(event, decision, isOfItem) : [placeOf(event, decision)];
    standInAt = Math.min(standInAt, credit({ event, worth, places }, decision, worths));
    if (places.includes(-1)) unplaced.add(event.id);
  }
  return { worths, unplaced, standInAt };
}

/** Credits an outcome to its places. @returns the first that it leaves out because a stand-in earned it there; else Infinity. */
function credit(
  {
    event,
    places,
    worth,
  }: { readonly event: LinkedEvent; readonly worth: number; readonly places: readonly number[] },
  { served }: ServedDecision,
  worths: readonly number[][],
): number {
  let standIn = Infinity;
  for (const place of places) {
    if (!isOfStandIn(event, served[place])) worths[place]?.push(worth);
    else if (worth > 0) standIn = Math.min(standIn, place);
  }
  return standIn;
}

/** What happens at the place of a withheld choice is the outcome without it, whatever the place shows. */
const placeOf = (event: LinkedEvent, { served, withheld }: ServedDecision): number =>
  withheld ? 0 : attribute(event, served);

function isAboutAnother({ itemId, actionId }: LinkedEvent, { served, subject }: ServedDecision): boolean {
  const about = itemId ?? actionId;
  return about !== null && about !== subject && served.every((one) => one.actionId !== about);
}

/** Places that an outcome of the unit counts at: all, or those about its item. */
function placesOf({ itemId }: LinkedEvent, { served, subject }: ServedDecision, ofItem: boolean): number[] {
  const places = served.map((_, place) => place);
  if (!ofItem) return places;
  if (itemId === null) return [];
  return places.filter((place) => itemId === subject || served[place]?.actionId === itemId);
}

/**
 * Which positions were seen. Where exposures name places, those and the places with outcomes; else the whole answer,
 * once it was served as exposed or any event names it.
 */
function exposedPositions(decision: ServedDecision, events: readonly LinkedEvent[]): boolean[] {
  const all = decision.served.map(() => true);
  if (decision.exposed) return all;
  const seen = decision.served.map(() => false);
  let placedExposures = false;
  for (const event of events) {
    const index = attribute(event, decision.served);
    if (event.kind === 'exposure' && index < 0) return all;
    if (event.kind === 'exposure') placedExposures = true;
    if (index >= 0) seen[index] = true;
  }
  return placedExposures || events.length === 0 ? seen : all;
}

/** By time, then id: the same events give the same order wherever they are read. */
function inTime(a: LinkedEvent, b: LinkedEvent): number {
  return a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function combine(worths: readonly number[], { combine: how, default: silence = 0 }: Measure): number {
  if (worths.length === 0) return silence;
  if (how === 'any') return 1;
  if (how === 'sum') return worths.reduce((sum, worth) => sum + worth, 0);
  return worths.reduce((most, worth) => Math.max(most, worth));
}

/** Finite whatever the clients sent: a sum of huge values does not become Infinity. */
const measured = (worths: readonly number[], definition: Measure): number =>
  Math.min(
    Math.max(combine(worths, definition), definition.min ?? -Number.MAX_VALUE),
    definition.max ?? Number.MAX_VALUE,
  );
