import type { ItemSetUp } from '../set-up.js';
import { readCsv, toNumber } from '../read-csv.js';

/** One rating: a member really chose this title at this time. */
export interface Choice {
  readonly itemId: string;
  /** 0.5 to 5. */
  readonly stars: number;
  /** Unix seconds. */
  readonly at: number;
}

/** What one member rated without a longer break. */
export interface Session {
  readonly unitId: string;
  /** Unix seconds of the first rating. */
  readonly start: number;
  readonly choices: readonly Choice[];
}

const breakSeconds = 30 * 60;
const itemOf = (movieId: string): string => `ml-${movieId}`;

/** Movies as registered items, by id. */
export function loadMovies(directory: string): ItemSetUp[] {
  return readCsv(directory, 'movies.csv', ['movieId', 'title', 'genres']).map((row) => {
    const title = row['title'] ?? '';
    const year = /\((\d{4})\)\s*$/.exec(title)?.[1];
    return {
      id: itemOf(row['movieId'] ?? ''),
      kind: 'movielens-title',
      title: title.slice(0, 200),
      features: {
        genres: (row['genres'] ?? '').split('|').filter((genre) => genre !== '(no genres listed)'),
        year: year === undefined ? null : Number(year),
      },
    };
  });
}

/**
 * Sessions in order of their begin; a session ends with a break of 30 minutes.
 * @param members only the first so many members by their number.
 */
export function loadSessions(directory: string, members = Infinity): Session[] {
  const byMember = new Map<number, Choice[]>();
  readCsv(directory, 'ratings.csv', ['userId', 'movieId', 'rating', 'timestamp']).forEach((row, index) => {
    const where = `ratings.csv row ${index + 2}`;
    const member = toNumber(row['userId'], where);
    const choice = {
      itemId: itemOf(row['movieId'] ?? ''),
      stars: toNumber(row['rating'], where),
      at: toNumber(row['timestamp'], where),
    };
    const list = byMember.get(member);
    if (list) list.push(choice);
    else byMember.set(member, [choice]);
  });
  const chosen = [...byMember].sort(([a], [b]) => a - b).slice(0, members);
  return chosen
    .flatMap(([member, choices]) => splitSessions(`ml-member-${member}`, choices))
    .sort((a, b) => a.start - b.start || (a.unitId < b.unitId ? -1 : 1));
}

function splitSessions(unitId: string, unordered: readonly Choice[]): Session[] {
  const sessions: { unitId: string; start: number; choices: Choice[] }[] = [];
  let last = -Infinity;
  for (const choice of [...unordered].sort((a, b) => a.at - b.at || (a.itemId < b.itemId ? -1 : 1))) {
    if (choice.at - last > breakSeconds) sessions.push({ unitId, start: choice.at, choices: [] });
    sessions.at(-1)?.choices.push(choice);
    last = choice.at;
  }
  return sessions;
}
