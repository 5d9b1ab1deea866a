import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Context } from '#experiments';
import type { Action, Ranker, ShownList, TrainingSet } from '../contract.js';
import { plackettLuce } from '../exploration/plackett-luce.js';
import { policyRegistry } from '../index.js';
import { serveSlate } from '../serve.js';
import { limitContext } from '../wrappers/index.js';
import { editsBetween } from './search/edits.js';
import { examinationOf } from './search/examination.js';
import { readQuery } from './search/query.js';
import { soundOf } from './search/sound.js';
import { wordsOf } from './search/words.js';

const title = (id: string, name: string, features: Context): Action => ({ id, title: name, features });

const CATALOGUE: readonly Action[] = [
  title('corsair', 'Corsair of Titan', { tags: ['space', 'pirates'], people: ['Ann Gray'], year: 1994 }),
  title('drifters', 'The Drifters', {
    description: 'A pirate crew robs freighters in deep space.',
    people: ['Bo Lin'],
  }),
  // Says neither word: its tag and its director lead to it.
  title('silent', 'A Silent Orbit', { tags: ['space opera', 'outlaws'], people: ['Cy Moss'] }),
  title('opera1', 'Moons of Iron', {
    tags: ['space opera', 'outlaws'],
    description: 'The space pirate returns.',
  }),
  title('opera2', 'Red Nebula', { tags: ['space opera', 'outlaws'], description: 'Space pirates at war.' }),
  title('opera3', 'Far Harbour', {
    tags: ['space opera', 'outlaws'],
    description: 'A pirate adrift in space.',
  }),
  title('amelie', 'Amélie', { genres: ['comedy', 'romance'], people: ['Audrey Tautou'] }),
  title('rocky2', 'Rocky II', { genres: ['drama'], people: ['Sly Stone'] }),
  title('rocky', 'Rocky', { genres: ['drama'], people: ['Sly Stone'] }),
  title('seven', 'Seven', { genres: ['thriller'], tags: ['classic'], people: ['Dee Fin'] }),
  title('knight', 'The Dark Knight', { genres: ['action'], people: ['Chris Ton'] }),
  title('night', 'Night Moves', { genres: ['thriller'], people: ['Art Penn'] }),
  title('love1', 'Love Story', { genres: ['romance'], tags: ['classic'], people: ['Eve Hill'] }),
  title('love2', 'Love Letters', { genres: ['comedy'], people: ['Eve Hill'] }),
  title('love3', 'Love', { genres: ['horror'], people: ['Max Doe'] }),
  title('misty', 'Play Misty for Me', { genres: ['thriller'], people: ['Clint West'] }),
  // A catalogue speaks of many things.
  ...Array.from({ length: 24 }, (_, n) =>
    title(`other${n}`, `Chronicle ${100 + n}`, { genres: ['documentary'], people: [`Person ${n}`] }),
  ),
];
const id = (action: Action): string => action.id;

const NOBODY: TrainingSet = {
  units: [],
  items: [],
  itemFeatures: [],
  unit: new Uint32Array(0),
  item: new Uint32Array(0),
  value: new Float64Array(0),
  at: new Float64Array(0),
  catalogue: CATALOGUE,
};

function trained(data: TrainingSet, params: object = {}): Ranker {
  const policy = policyRegistry.get('search');
  if (policy.learns !== 'batch') throw new Error('search learns in training runs');
  const parsed = policy.params.parse(params);
  const state = policy.decode(policy.encode(policy.fit(data, parsed, createRng('fit'), () => undefined)));
  const compiled = policy.compile(state, parsed);
  if (compiled.decides !== 'slate') throw new Error('search ranks');
  return compiled;
}

const requestOf = (context: Context, actions: readonly Action[] = CATALOGUE) => ({
  unitId: 'm',
  context,
  subject: null,
  actions,
  at: 0,
});

/** Ids in the order of the policy, of what it finds. */
function find(ranker: Ranker, query: string, more: Context = {}, actions = CATALOGUE): string[] {
  const whole = requestOf({ query, ...more }, actions);
  const found = (ranker.retrieve?.(whole, null) ?? []).map((place) => actions[place] as Action);
  const scores = ranker.scores({ ...whole, actions: found });
  return found
    .map((action, i) => ({ action, score: scores[i] as number }))
    .sort((a, b) => b.score - a.score)
    .map(({ action }) => id(action));
}

describe('search before anybody has searched', () => {
  const search = trained(NOBODY);

  it.each([
    ['rocky', 'rocky', 'the whole name, before a name that begins with it'],
    ['ROCKY 2', 'rocky2', 'numerals'],
    ['rocky two', 'rocky2', 'words of numbers'],
    ['7', 'seven', 'a number that is a name'],
    ['amelie', 'amelie', 'accents'],
    ['dark knight', 'knight', 'articles'],
    ['drak knigt', 'knight', 'two typos'],
    ['corsa', 'corsair', 'the beginning of a word'],
    ['tautou', 'amelie', 'people'],
    ['audry tatou', 'amelie', 'misspelled people'],
    ['freighters', 'drifters', 'words of a description'],
    ['play misty for me', 'misty', 'a name that sounds like a command'],
  ])('finds %s: %s (%s)', (query, wanted) => {
    expect(find(search, query)[0]).toBe(wanted);
  });

  it.each([
    ['uh play the dark night please', 'knight', 'sounds'],
    ['um i want to watch amelia', 'amelie', 'commands'],
    ['movies with eve hill', 'love1', 'a person'],
    ['the one with the freighters', 'drifters', 'a thing'],
  ])('understands "%s": %s (%s)', (query, wanted) => {
    expect(find(search, query, { mode: 'voice' }).slice(0, 2)).toContain(wanted);
  });

  it('finds the one with the space pirate, though no name says so, and one that only the graph leads to', () => {
    const found = find(search, 'the one with the space pirate', { mode: 'voice' });
    expect(found.slice(0, 5).sort()).toEqual(['corsair', 'drifters', 'opera1', 'opera2', 'opera3']);
    expect(found[5]).toBe('silent');
    const silent = requestOf({ query: 'the one with the space pirate' }, CATALOGUE);
    const reasons =
      search.reasons?.(
        silent,
        CATALOGUE.findIndex((action) => id(action) === 'silent'),
      ) ?? [];
    expect(reasons.find(({ kind }) => kind === 'graph')?.detail).toMatch(/space opera|outlaws/);
    expect(find(search, 'pirate')).toContain('silent');
    expect(find(trained(NOBODY, { graph: false }), 'pirate')).not.toContain('silent');
  });

  it('answers "something like X" with others than X', () => {
    const found = find(search, 'something like red nebula');
    expect(found.slice(0, 3).sort()).toEqual(['opera1', 'opera3', 'silent']);
    expect(found).not.toContain('red nebula');
  });

  it('finds nothing for what is nowhere, and says why something was found', () => {
    expect(find(search, 'xqzvwk')).toEqual([]);
    const at = CATALOGUE.findIndex((action) => id(action) === 'knight');
    const reasons = search.reasons?.(requestOf({ query: 'drak knight' }), at) ?? [];
    expect(reasons.map(({ detail }) => detail).join(' ')).toContain('“drak” spelled like “dark”');
    expect(reasons.reduce((sum, { adds }) => sum + adds, 0)).toBeCloseTo(
      search.scores(requestOf({ query: 'drak knight' }))[at] as number,
      9,
    );
  });

  it('finds a title of the day that training has not met', () => {
    const added = title('new', 'Zephyr Rising', { people: ['Ann Gray'], tags: ['space'] });
    const later = Object.freeze([...CATALOGUE, added]);
    expect(find(search, 'zephir', {}, later)[0]).toBe('new');
    expect(find(search, 'ann gray', {}, later).sort()).toEqual(['corsair', 'new']);
  });

  it('leaves out what may not be shown before anything takes a place', () => {
    const open = Uint8Array.from(CATALOGUE, (action) => (id(action) === 'rocky' ? 0 : 1));
    const places = search.retrieve?.(requestOf({ query: 'rocky' }), open) ?? [];
    expect(places.map((place) => id(CATALOGUE[place] as Action))).toEqual(['rocky2']);
  });

  it('finds by words alone where typos are off', () => {
    const plain = trained(NOBODY, { typos: false, graph: false, member: { key: 'none' } });
    expect(find(plain, 'dark knight')[0]).toBe('knight');
    expect(find(plain, 'drak knigt')).toEqual([]);
  });
});

/** Fans of romance and fans of horror; the other titles are watched by some of either. */
function tastes(): TrainingSet {
  const rows = Array.from({ length: 60 }, (_, unit) => {
    const own = unit % 2 === 0 ? ['love1', 'love2', 'amelie'] : ['love3', 'seven', 'night'];
    return [...own, 'rocky'].map((item) => ({ unit, item }));
  }).flat();
  const items = [...new Set(rows.map(({ item }) => item))];
  return {
    ...NOBODY,
    units: Array.from({ length: 60 }, (_, i) => `u${i}`),
    items,
    itemFeatures: items.map(() => ({})),
    unit: Uint32Array.from(rows, ({ unit }) => unit),
    item: Uint32Array.from(rows, ({ item }) => items.indexOf(item)),
    value: new Float64Array(rows.length).fill(1),
    at: Float64Array.from(rows, (_, i) => 1000 + i),
  };
}

describe('search that knows the member', () => {
  const search = trained(tastes());

  it('lets taste decide where the text does not, and never against a name', () => {
    const romance = { history: ['love1', 'amelie'] };
    const horror = { history: ['seven', 'night'] };
    for (const context of [romance, horror]) {
      expect(find(search, 'love', context)[0]).toBe('love3');
      expect(find(search, 'rocky 2', context)[0]).toBe('rocky2');
    }
    expect(find(search, 'classic', romance)).toEqual(['love1', 'seven']);
    expect(find(search, 'classic', horror)).toEqual(['seven', 'love1']);
    const named = trained(tastes(), { member: { key: 'none' } });
    expect(find(named, 'love', romance)).toEqual(find(named, 'love', horror));
  });

  it('ranks by taste alone without a query, and keeps the query of a member who is not known', () => {
    const scores = search.scores(requestOf({ history: ['seven', 'night'] }));
    const score = (wanted: string): number =>
      scores[CATALOGUE.findIndex((action) => id(action) === wanted)] as number;
    expect(score('love3')).toBeGreaterThan(score('love1'));
    expect(limitContext({ query: 'rocky', mode: 'voice', history: ['seven'] }, {})).toEqual({
      query: 'rocky',
      mode: 'voice',
    });
  });
});

/**
 * Searches in a world where people want what the tags say, not what the name says, and look at each place less often than at
 * the one above it by a known share.
 */
function searches(count: number, look: (place: number) => number): ShownList[] {
  const rng = createRng('searches');
  const ranker = trained(NOBODY);
  const explore = plackettLuce.compile({ temperature: 4 });
  const queries = ['love', 'rocky', 'night', 'space', 'pirate', 'comedy', 'drama', 'romance'];
  return Array.from({ length: count }, (_, n) => {
    const query = queries[rng.below(queries.length)] as string;
    const request = requestOf({ query });
    const { items } = serveSlate(ranker, request, 6, explore, 0, rng);
    const wants = ({ features }: Action): number => {
      const tags = [features['tags'], features['genres']].flat().join(' ');
      return tags.includes(query) ? 0.8 : 0.15;
    };
    const earned = Float64Array.from(items, ({ index }, place) =>
      rng.uniform() < look(place) * wants(CATALOGUE[index] as Action) ? 1 : 0,
    );
    return {
      unitId: `u${n}`,
      context: { query },
      at: 10_000 + n,
      items: items.map(({ index }) => id(CATALOGUE[index] as Action)),
      propensities: Float64Array.from(items, ({ propensity }) => propensity),
      earned,
    };
  });
}

describe('search that has learned from searches', () => {
  const look = (place: number): number => 0.7 ** place;
  const lists = searches(3000, look);

  it('learns how far down people look from the propensities of the log', () => {
    const examined = examinationOf(lists);
    // 2,000 clicks and weights of at most 50: a tenth is more than three standard errors.
    for (let place = 0; place < 5; place++)
      expect(Math.abs((examined[place] as number) - look(place))).toBeLessThan(0.1);
  });

  it('learns what is wanted, and beats the prior weights on the newest searches', () => {
    const policy = policyRegistry.get('search');
    if (policy.learns !== 'batch') throw new Error('search learns in training runs');
    const params = policy.params.parse({ member: { key: 'none' } });
    const state = policy.fit(
      { ...NOBODY, lists: lists.slice(-1500) },
      params,
      createRng('fit'),
      () => undefined,
    ) as {
      head: { watched: { learned: number; prior: number }; searches: number };
    };
    expect(state.head.searches).toBeGreaterThan(500);
    expect(state.head.watched.learned).toBeLessThan(state.head.watched.prior - 0.05);
    const learned = policy.compile(state as never, params) as Ranker;
    const tagged = requestOf({ query: 'romance' });
    const prior = trained(NOBODY, { member: { key: 'none' } });
    const margin = (ranker: Ranker): number => {
      const scores = ranker.scores(requestOf({ query: 'love' }));
      return (scores[14] as number) - (scores[12] as number);
    };
    // A name that is asked for stays in front, whatever was learned.
    expect(margin(learned)).toBeGreaterThan(8);
    expect(prior.scores(tagged)).not.toEqual(learned.scores(tagged));
  });

  it('takes what a second try found for what the first one wanted', () => {
    const base = lists[0] as ShownList;
    const failed = (n: number): ShownList => ({
      ...base,
      unitId: `c${n}`,
      at: 50_000 + n,
      context: { query: 'outlaws' },
      items: ['opera1', 'opera2'],
      propensities: Float64Array.of(0.5, 0.5),
      earned: new Float64Array(2),
    });
    const tried = (n: number): ShownList => ({
      ...failed(n),
      at: 50_001 + n,
      context: { query: 'silent' },
      items: ['silent', 'opera1'],
      earned: Float64Array.of(1, 0),
    });
    const chains = Array.from({ length: 40 }, (_, n) => [failed(10 * n), tried(10 * n)]).flat();
    const policy = policyRegistry.get('search');
    if (policy.learns !== 'batch') throw new Error('search learns in training runs');
    const params = policy.params.parse({ member: { key: 'none' } });
    const state = policy.fit({ ...NOBODY, lists: chains }, params, createRng('fit'), () => undefined);
    // Two thirds of the pairs are learned from: each is a search that found, and one that should have.
    expect((state as { head: { searches: number } }).head.searches).toBeGreaterThanOrEqual(50);
  });
});

describe('words, sounds and edits', () => {
  it('reads words alike however they are written', () => {
    expect(wordsOf('Rocky II & the 3rd, Zoë’s')).toEqual(['rocky', '2', 'and', 'the', '3', 'zoes']);
    expect(wordsOf('I, Claudius')).toEqual(['i', 'claudius']);
  });

  it.each([
    ['knight', 'night'],
    ['write', 'rite'],
    ['phone', 'fone'],
    ['sea', 'see'],
    ['whale', 'wale'],
  ])('%s sounds like %s', (a, b) => {
    expect(soundOf(a)).toBe(soundOf(b));
  });

  it('tells sounds apart that are not alike', () => {
    expect(soundOf('love')).not.toBe(soundOf('rocky'));
    expect(soundOf('pirate')).not.toBe(soundOf('planet'));
  });

  it.each([
    ['drak', 'dark', 1],
    ['kitten', 'sitting', 3],
    ['abcd', 'abcd', 0],
    ['flaw', 'lawn', 2],
  ])('%s and %s are %d edits apart', (a, b, edits) => {
    expect(editsBetween(a, b, 5)).toBe(edits);
    expect(editsBetween(a, b, 0)).toBe(edits === 0 ? 0 : 1);
  });

  it.each([
    ['something like inception', 'like', 'inception'],
    ['movies with tom hanks', 'person', 'tom hanks'],
    ['uh the one with the space pirate', 'about', 'space pirate'],
    ['more star wars', 'more', 'star wars'],
    ['hey can you play casablanca please', 'title', 'casablanca'],
  ])('understands "%s" as %s of %s', (text, intent, core) => {
    expect(readQuery(text, 'voice', () => false)).toMatchObject({ intent, core });
  });
});
