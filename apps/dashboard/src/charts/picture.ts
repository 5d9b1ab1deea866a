const SVG = 'http://www.w3.org/2000/svg';

/** What style sheets say of drawn things; a picture on its own has no style sheets. */
const PAINT = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-opacity',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'visibility',
  'display',
] as const;

export function svgElement(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

interface Place {
  readonly left: number;
  readonly top: number;
}

/**
 * What an element shows, as one SVG group at 0, 0: its drawings with their computed paint, its texts, backgrounds and
 * borders where the page has put them. No foreign objects, so that every browser can turn it into pixels.
 */
export function pictureOf(element: Element): { group: SVGElement; width: number; height: number } {
  const { left, top, width, height } = element.getBoundingClientRect();
  const group = svgElement('g', {});
  draw(element, group, { left, top });
  return { group, width, height };
}

/** Hidden, a control, or text for screen readers only, which takes no more than a pixel. */
function isUnseen(element: Element, style: CSSStyleDeclaration, box: DOMRect): boolean {
  const hidden = style.display === 'none' || style.visibility === 'hidden';
  return hidden || element.tagName === 'BUTTON' || (box.width <= 1 && box.height <= 1);
}

function draw(element: Element, into: SVGElement, origin: Place): void {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (isUnseen(element, style, box)) return;
  if (element instanceof SVGSVGElement) {
    into.append(drawing(element, box, origin));
    return;
  }
  const group = svgElement('g', style.opacity === '1' ? {} : { opacity: style.opacity });
  into.append(group);
  for (const rect of boxes(style, box, origin)) group.append(rect);
  for (const child of element.childNodes) {
    if (child instanceof Element) draw(child, group, origin);
    else if (child instanceof Text) for (const line of texts(child, style, origin)) group.append(line);
  }
}

/** A copy of a drawing, with its paint as attributes. */
function drawing(source: SVGSVGElement, box: DOMRect, origin: Place): SVGElement {
  const copy = source.cloneNode(true) as SVGSVGElement;
  const sources = [source, ...source.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((target, i) => {
    const style = getComputedStyle(sources[i] as Element);
    for (const name of PAINT) target.setAttribute(name, style.getPropertyValue(name));
    for (const name of ['class', 'style', 'tabindex', 'role']) target.removeAttribute(name);
  });
  const place = { x: box.left - origin.left, y: box.top - origin.top, width: box.width, height: box.height };
  for (const [name, value] of Object.entries(place)) copy.setAttribute(name, String(value));
  copy.setAttribute('overflow', 'visible');
  return copy;
}

const isClear = (color: string): boolean => color === 'transparent' || /^rgba\(.*, 0\)$/.test(color);

/** Background and borders. */
function boxes(style: CSSStyleDeclaration, box: DOMRect, origin: Place): SVGElement[] {
  const x = box.left - origin.left;
  const y = box.top - origin.top;
  const found: SVGElement[] = [];
  const add = (
    color: string,
    [left, top, width, height]: readonly [number, number, number, number],
  ): void => {
    if (!isClear(color) && width > 0 && height > 0)
      found.push(svgElement('rect', { x: left, y: top, width, height, fill: color }));
  };
  add(style.backgroundColor, [x, y, box.width, box.height]);
  const [up, right, down, left] = [
    style.borderTopWidth,
    style.borderRightWidth,
    style.borderBottomWidth,
    style.borderLeftWidth,
  ].map(parseFloat) as [number, number, number, number];
  add(style.borderTopColor, [x, y, box.width, up]);
  add(style.borderBottomColor, [x, y + box.height - down, box.width, down]);
  add(style.borderLeftColor, [x, y, left, box.height]);
  add(style.borderRightColor, [x + box.width - right, y, right, box.height]);
  return found;
}

/** A text node, one text per line that the page has broken it into. */
function texts(node: Text, style: CSSStyleDeclaration, origin: Place): SVGElement[] {
  const range = document.createRange();
  const lines: { top: number; left: number; height: number; text: string }[] = [];
  for (const { 0: word, index } of node.data.matchAll(/\S+\s*/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.trimEnd().length);
    const box = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last && Math.abs(last.top - box.top) < 2) last.text += word;
    else if (box.width > 0) lines.push({ top: box.top, left: box.left, height: box.height, text: word });
  }
  return lines.map(({ top, left, height, text }) => {
    const line = svgElement('text', {
      x: left - origin.left,
      // The baseline lies about four fifths down the box of a line.
      y: top - origin.top + height * 0.79,
      fill: style.color,
      'font-family': style.fontFamily,
      'font-size': style.fontSize,
      'font-weight': style.fontWeight,
    });
    line.textContent = text.replaceAll(/\s+/g, ' ').trimEnd();
    return line;
  });
}
