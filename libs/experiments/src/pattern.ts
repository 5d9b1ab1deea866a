import { RE2JS } from 're2js';
import { DomainError } from './errors.js';

/** A pattern's text is bounded, and so is what it is looked for in: together they bound the time of a match. */
export const PATTERN_LIMITS = { length: 500, inputLength: 16_384 } as const;

/**
 * Compiles a regular expression whose matching time is linear in the text (RE2's automata, no backtracking): a pattern
 * from outside can be wrong, never slow. Look-around and back-references have no such automaton and are refused.
 * @param source JavaScript's or RE2's syntax.
 * @returns whether the pattern occurs somewhere in a text; texts longer than `PATTERN_LIMITS.inputLength` never match.
 * @throws DomainError `invalid_pattern` in one sentence.
 */
export function compilePattern(source: string, ignoreCase = false): (text: string) => boolean {
  if (source.length > PATTERN_LIMITS.length)
    throw new DomainError(
      'invalid_pattern',
      `the pattern is longer than ${PATTERN_LIMITS.length} characters`,
    );
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(RE2JS.translateRegExp(source), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be read';
    throw new DomainError(
      'invalid_pattern',
      `the pattern cannot be used: ${why}. Look-around and back-references are not allowed, because they can be slow`,
    );
  }
  return (text) => text.length <= PATTERN_LIMITS.inputLength && compiled.test(text);
}
