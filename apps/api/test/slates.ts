import { createRng } from '#experiments';
import type { Database } from '../src/persistence/database.js';
import { idOf, insertDecisions } from './learning.js';

/** P(play) of each item in the first position; half of that in the second. */
export const PLAY = { a: 0.6, b: 0.3, c: 0.1 } as const;
type Item = keyof typeof PLAY;

const ITEMS: readonly Item[] = ['a', 'b', 'c'];

/**
 * Slates of two of three items, every order with the same probability, with settled rewards: two slates a unit, ids from
 * 0 on. A second position without a play was not seen and has no reward.
 */
export async function insertUniformSlates(
  db: Database,
  policyId: string,
  n: number,
  from: number,
): Promise<void> {
  const rng = createRng('slates');
  const slates = Array.from({ length: n }, () => {
    const first = ITEMS[rng.below(3)] as Item;
    const rest = ITEMS.filter((item) => item !== first);
    const slate = [first, rest[rng.below(2)] as Item] as const;
    return { slate, rewards: slate.map((id, k) => (rng.uniform() < PLAY[id] / (k + 1) ? 1 : 0)) };
  });
  await insertDecisions(
    db,
    slates.map(({ slate }, i) => ({
      n: i,
      unitId: `u${i >> 1}`,
      policyId,
      slate,
      at: from + i,
      context: { device: i % 4 < 2 ? 'tv' : 'phone' },
    })),
  );
  await db.query(
    `with row as (select * from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[]) as r (id, a, b, ra, rb)),
     told as (
       update decision d set candidates = '{a,b,c}', policy_version = 0, propensity = 1.0 / 6,
         chosen = jsonb_build_array(jsonb_build_object('id', r.a, 'propensity', 1.0 / 3::float8),
           jsonb_build_object('id', r.b, 'propensity', 0.5))
       from row r where d.id = r.id returning d.id, d.at)
     insert into reward (decision_id, position, policy_id, action_id, reward, propensity, decision_at, settled_at, version)
     select t.id, p.position, $6, p.action, p.reward, p.propensity, t.at, now(), -1 from told t join row r on r.id = t.id
     cross join lateral (values (0, r.a, r.ra, 1.0 / 3::float8), (1, r.b, r.rb, 0.5)) as p (position, action, reward, propensity)
     where p.position = 0 or p.reward > 0`,
    [
      slates.map((_, i) => idOf(i)),
      slates.map(({ slate }) => slate[0]),
      slates.map(({ slate }) => slate[1]),
      slates.map(({ rewards }) => rewards[0]),
      slates.map(({ rewards }) => rewards[1]),
      policyId,
    ],
  );
}
