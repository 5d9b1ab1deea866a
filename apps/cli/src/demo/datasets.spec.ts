import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Past } from './movielens/candidates.js';
import { loadMovies, loadSessions } from './movielens/load.js';
import { planReplay } from './movielens/replay.js';
import { loadOpenBandit } from './open-bandit/load.js';

const directory = mkdtempSync(path.join(tmpdir(), 'marquee-data-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
  writeFileSync(path.join(directory, name), text);
}

describe('MovieLens', () => {
  it('splits sessions at breaks of half an hour, in order of time over all members', () => {
    write(
      'ratings.csv',
      'userId,movieId,rating,timestamp\n2,5,4.0,5000\n1,7,3.5,1000\n1,8,5.0,2800\n1,9,1.0,4601\n',
    );
    const sessions = loadSessions(directory);
    expect(
      sessions.map(({ unitId, start, choices }) => [unitId, start, choices.map((choice) => choice.itemId)]),
    ).toEqual([
      ['ml-member-1', 1000, ['ml-7', 'ml-8']],
      ['ml-member-1', 4601, ['ml-9']],
      ['ml-member-2', 5000, ['ml-5']],
    ]);
    expect(loadSessions(directory, 1)).toHaveLength(2);
  });

  it('reads year and genres of movies', () => {
    write(
      'movies.csv',
      'movieId,title,genres\n1,"Heat, The (1995)",Action|Crime\n2,Nameless,(no genres listed)\n',
    );
    const [first, second] = loadMovies(directory);
    expect(first).toMatchObject({
      id: 'ml-1',
      title: 'Heat, The (1995)',
      features: { genres: ['Action', 'Crime'], year: 1995 },
    });
    expect(second?.features).toEqual({ genres: [], year: null });
  });

  it('says in one sentence what is wrong with the data', () => {
    expect(() => loadSessions(path.join(directory, 'nowhere'))).toThrow(
      /does not exist: --data must name the directory/,
    );
    write('bad/ratings.csv', 'userId,movieId,rating,timestamp\n1,2,often,5\n');
    expect(() => loadSessions(path.join(directory, 'bad'))).toThrow(
      'ratings.csv row 2: "often" is not a number.',
    );
    write('worse/ratings.csv', 'userId,rating\n1,2\n');
    expect(() => loadSessions(path.join(directory, 'worse'))).toThrow(/has no column "movieId"/);
  });

  const sessions = Array.from({ length: 300 }, (_, i) => ({
    unitId: `u${i % 40}`,
    start: i * 10_000,
    choices: Array.from({ length: 4 }, (_, j) => ({
      itemId: `t${(i * 7 + j * 13) % 120}`,
      stars: 4,
      at: i * 10_000 + j,
    })),
  }));

  it('asks with the true title among titles that were popular before, never seen ones, and no telling place', () => {
    const past = new Past('seed', 20);
    const seen = new Map<string, Set<string>>();
    const known = new Set<string>();
    const places: number[] = [];
    for (const session of sessions) {
      const mine = seen.get(session.unitId) ?? new Set<string>();
      seen.set(session.unitId, mine);
      const { questions, others } = past.plan(session, 2);
      expect(questions.length + others.length).toBe(4);
      for (const { choice, candidates, history } of questions) {
        expect(new Set(candidates).size).toBe(21);
        expect(candidates).toContain(choice.itemId);
        places.push(candidates.indexOf(choice.itemId));
        for (const id of candidates) {
          if (id === choice.itemId) continue;
          expect(known.has(id)).toBe(true);
          expect(mine.has(id)).toBe(false);
        }
        expect(history.length).toBeLessThanOrEqual(50);
      }
      for (const { itemId } of session.choices) {
        mine.add(itemId);
        known.add(itemId);
      }
    }
    expect(places.length).toBeGreaterThan(300);
    const mean = places.reduce((sum, place) => sum + place, 0) / places.length;
    // Uniform over 0..20: mean 10, deviation 6.06; four standard errors.
    expect(Math.abs(mean - 10)).toBeLessThan((4 * 6.06) / Math.sqrt(places.length));
  });

  it('plans the same replay for the same seed and stops at the limit', () => {
    const options = { seed: 's', run: 'r', perSession: 2, limit: 50 };
    const plan = planReplay(sessions, options);
    expect(planReplay(sessions, options)).toEqual(plan);
    expect(plan.reduce((sum, { questions }) => sum + questions.length, 0)).toBe(50);
    expect(plan.slice(0, 30).every(({ questions }) => questions.length === 0)).toBe(true);
  });
});

describe('Open Bandit', () => {
  const items =
    'item_id,item_feature_0,item_feature_1,item_feature_2,item_feature_3\n0,-0.5,aaaaaaaaaaaa,b,c\n1,0.25,dd,e,f\n';
  const head =
    'item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,user_feature_3\n';

  it('reads items and impressions', () => {
    write('random/men/item_context.csv', items);
    write('random/men/men.csv', `${head}1,3,1,0.5,u0,u1,u2,u3\n0,1,0,0.5,u0,u1,u2,u3\n`);
    const log = loadOpenBandit(directory);
    expect(log.items[0]).toMatchObject({ id: 'zozo-0', features: { feature0: -0.5, feature1: 'aaaaaaaa' } });
    expect(log.impressions).toMatchObject([
      { itemId: 'zozo-1', place: 3, clicked: true, context: { user_feature_0: 'u0' } },
      { itemId: 'zozo-0', place: 1, clicked: false },
    ]);
  });

  it('refuses a log that was not made at random', () => {
    write('random/men/item_context.csv', items);
    write('random/men/men.csv', `${head}1,3,1,0.9,u0,u1,u2,u3\n`);
    expect(() => loadOpenBandit(directory)).toThrow(/only a uniformly random log can be replayed/);
  });
});
