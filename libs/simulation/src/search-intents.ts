import type { Rng } from '#experiments';
import type { Title } from './catalogue.js';

/** What a member who wants a title types or says. */
export interface SearchIntent {
  readonly query: string;
  readonly titleId: string;
  readonly mode: 'text' | 'voice';
  /** Whether words as they stand in the catalogue are enough to find the title: no typo, nothing misheard, nothing around it. */
  readonly isPlain: boolean;
}

/** One edit behind the first letter: a letter dropped, or exchanged with its neighbour. */
function misspelled(word: string, rng: Rng): string {
  const at = 1 + rng.below(Math.max(1, word.length - 2));
  const rest = word.slice(at + 1);
  return rng.uniform() < 0.5
    ? word.slice(0, at) + rest
    : word.slice(0, at) + rest.charAt(0) + word.charAt(at) + rest.slice(1);
}

/** Every word of a name misspelled: words that are right would find it alone. */
const badly = (name: string, rng: Rng): string =>
  name
    .split(' ')
    .map((word) => (word.length > 3 ? misspelled(word, rng) : word))
    .join(' ');

/**
 * The ways of asking for a title, equally likely: its name, its beginning, a genre with a person, two with typos, and two
 * that are spoken.
 */
export function intentsFor(title: Title, rng: Rng): SearchIntent[] {
  const name = title.name.toLowerCase();
  const person = (title.people[0] ?? 'anyone').toLowerCase();
  const intent = (query: string, mode: SearchIntent['mode'], isPlain: boolean): SearchIntent => ({
    query,
    titleId: title.id,
    mode,
    isPlain,
  });
  return [
    intent(name, 'text', true),
    intent(name.slice(0, Math.max(4, name.length - 3)), 'text', true),
    intent(`${title.genre} with ${person}`, 'text', true),
    intent(badly(name, rng), 'text', false),
    intent(badly(person, rng), 'text', false),
    intent(`uh play ${name} please`, 'voice', true),
    intent(`um put on ${badly(name, rng)}`, 'voice', false),
  ];
}
