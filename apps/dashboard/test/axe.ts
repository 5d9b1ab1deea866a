import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const SOURCE = createRequire(join(process.cwd(), 'package.json')).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

type Axe = { run: (context: object, options: RunOptions) => Promise<AxeResults> };

/**
 * Marks texts that look like two others: same tag, classes, styles and states, from themselves up to the body. A table
 * repeats its cells by the hundred, and axe looks at each of them for as long as at the first.
 * @returns how many texts are left to look at.
 */
function markAlike(): number {
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
  const seen = new Map<string, number>();
  let left = 0;
  for (const element of document.body.querySelectorAll('*')) {
    if (element.children.length > 0 || element.textContent.trim() === '') continue;
    const look = lookOf(element);
    const times = (seen.get(look) ?? 0) + 1;
    seen.set(look, times);
    element.toggleAttribute('data-alike', times > 2);
    if (times <= 2) left += 1;
  }
  return left;
}

/**
 * What breaks the rules of WCAG 2.2 AA and axe's best practices on the page as it stands, one line each.
 * @param rules tags of rules; or single rules, as `color-contrast` in the other theme.
 */
export async function violations(page: Page, rules: readonly string[] = RULES): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(readFileSync(SOURCE, 'utf8'));
  if ((await page.evaluate(markAlike)) === 0) throw new Error('there is no text on the page');
  const { violations: found } = await page.evaluate(
    async (runOnly) => {
      const { axe } = window as unknown as { axe: Axe };
      const context = { exclude: ['[data-alike]'] };
      // No rule here looks at style sheets or media, which axe would load first.
      return axe.run(context, { runOnly, resultTypes: ['violations'], preload: false });
    },
    [...rules],
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`),
  );
}
