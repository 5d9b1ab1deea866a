import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults, RunOptions, Spec } from 'axe-core';
import type { Page } from 'playwright-core';

const SOURCE = createRequire(join(process.cwd(), 'package.json')).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

type Axe = {
  run: (context: object, options: RunOptions) => Promise<AxeResults>;
  configure: (spec: Spec) => void;
};

/** Looks of texts whose contrast was found right before, by theme: a page repeats most texts of the pages before. */
const GOOD = new Map<string, Set<string>>();

interface Marked {
  /** How many texts are left to look at. */
  left: number;
  theme: string;
}

/**
 * Marks texts that look like two others: same tag, classes, styles and states, from themselves up to the body. A table
 * repeats its cells by the hundred, and axe looks at each of them for as long as at the first.
 */
function markAlike(): Marked {
  const looks = new Map<Element, string>();
  const lookOf = (element: Element | null): string => {
    if (element === null || element === document.body) return '';
    const known = looks.get(element);
    if (known !== undefined) return known;
    const states = [...element.attributes]
      .filter(({ name }) => !/^(id|for|d|x|y|transform|href|title)$|label|control|described|owns/.test(name))
      .map(({ name, value }) => `${name}=${value}`);
    const odd = element.tagName === 'TR' ? (element as HTMLTableRowElement).rowIndex % 2 : '';
    const look = `${lookOf(element.parentElement)}>${element.tagName}${odd}[${states.join(' ')}]`;
    looks.set(element, look);
    return look;
  };
  const shortOf = (look: string): string => {
    let [a, b] = [0x9e3779b9, 0x85ebca6b];
    for (let i = 0; i < look.length; i++) {
      a = Math.imul(a ^ look.charCodeAt(i), 0x01000193);
      b = Math.imul(b + look.charCodeAt(i), 0x5bd1e995) ^ (b >>> 15);
    }
    return `${(a >>> 0).toString(36)}-${(b >>> 0).toString(36)}`;
  };
  for (const marked of document.querySelectorAll('[data-look]'))
    for (const name of ['data-alike', 'data-look', 'data-good']) marked.removeAttribute(name);
  const seen = new Map<string, number>();
  let left = 0;
  for (const element of document.body.querySelectorAll('*')) {
    if (element.children.length > 0 || element.textContent.trim() === '') continue;
    const look = shortOf(lookOf(element));
    const times = (seen.get(look) ?? 0) + 1;
    seen.set(look, times);
    element.setAttribute('data-look', look);
    element.toggleAttribute('data-alike', times > 2);
    if (times <= 2) left += 1;
  }
  return { left, theme: document.documentElement.dataset['mantineColorScheme'] ?? '' };
}

interface Asked {
  runOnly: string[];
  good: string[];
}

/** @returns what axe has found, one line each, and the looks whose contrast it has found right. */
async function runAxe({ runOnly, good }: Asked): Promise<{ found: string[]; good: string[] }> {
  const { axe } = window as unknown as { axe: Axe };
  const known = new Set(good);
  const lookOf = (element: Element | undefined): string => element?.getAttribute('data-look') ?? '';
  for (const text of document.querySelectorAll('[data-look]'))
    text.toggleAttribute('data-good', known.has(lookOf(text)));
  axe.configure({ noHtml: true, rules: [{ id: 'color-contrast', selector: '*:not([data-good])' }] });
  const { violations, passes } = await axe.run(
    { exclude: ['[data-alike]'] },
    {
      runOnly,
      resultTypes: ['violations', 'passes'],
      // Elements themselves: to find a selector of each takes longer than to judge it.
      ...{ elementRef: true, selectors: false },
      // No rule here looks at style sheets or media, which axe would load first.
      preload: false,
    },
  );
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ element, failureSummary }) =>
      [id, element?.outerHTML.slice(0, 300), failureSummary].join(': '),
    ),
  );
  if (violations.some(({ id }) => id === 'color-contrast')) return { found, good: [] };
  // What is hidden passes too, without a figure.
  const judged = passes
    .filter(({ id }) => id === 'color-contrast')
    .flatMap(({ nodes }) => nodes)
    .filter(({ any }) => any.some(({ data }) => (data as { contrastRatio?: number } | null)?.contrastRatio));
  return { found, good: judged.map(({ element }) => lookOf(element)).filter((look) => look !== '') };
}

/**
 * What breaks the rules of WCAG 2.2 AA and axe's best practices on the page as it stands, one line each.
 * @param rules tags of rules; or single rules, as `color-contrast` in the other theme.
 */
export async function violations(page: Page, rules: readonly string[] = RULES): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(readFileSync(SOURCE, 'utf8'));
  const { left, theme } = await page.evaluate(markAlike);
  if (left === 0) throw new Error('there is no text on the page');
  const known = GOOD.get(theme) ?? new Set<string>();
  const { found, good } = await page.evaluate(runAxe, { runOnly: [...rules], good: [...known] });
  GOOD.set(theme, new Set([...known, ...good]));
  return found;
}
