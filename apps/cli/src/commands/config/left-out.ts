import { LISTS } from './files.js';

/** As the API takes them in one run, unless it is set otherwise. */
const MOST_OF_A_KIND = 1000;
const MOST_BYTES = 5_000_000;

interface Listed {
  readonly key?: string;
  readonly ids?: readonly string[];
  readonly size?: number;
}

/** What an export does not hold, or is too large for: a sentence each. */
export function leftOut(file: Readonly<Record<string, unknown>>): string[] {
  const listOf = (name: string): readonly Listed[] => (file[name] ?? []) as readonly Listed[];
  const long = listOf('unitLists').filter(({ ids, size }) => ids === undefined && size !== undefined);
  const many = Object.keys(LISTS).filter((name) => listOf(name).length > MOST_OF_A_KIND);
  const bytes = Buffer.byteLength(JSON.stringify(file));
  return [
    ...long.map(
      ({ key, size }) =>
        `unitLists: the ${size} ids of "${key}" are not in the file, which only names the list.`,
    ),
    ...many.map(
      (name) =>
        `${name}: there are ${listOf(name).length}; one apply takes ${MOST_OF_A_KIND} of a kind. Split the file, and apply the parts one after the other.`,
    ),
    ...(bytes > MOST_BYTES
      ? [
          `The file has ${Math.ceil(bytes / 1e6)} MB; one apply takes ${MOST_BYTES / 1e6} MB, or what MARQUEE_BODY_LIMIT_BYTES of the API says. Split it.`,
        ]
      : []),
  ];
}
