import { pictureOf, svgElement } from './picture.js';

/** Pixels of the file per pixel of the page. */
const SCALE = 2;
const MARGIN = 20;
const LINE = 18;

export interface PictureText {
  readonly title: string;
  /** Sentences under the picture: what it shows, over which data, by which method, as of when. */
  readonly caption: readonly string[];
}

/** Breaks sentences into lines of at most `width` pixels. */
function wrapped(sentences: readonly string[], width: number, font: string): string[] {
  const context = document.createElement('canvas').getContext('2d');
  if (context) context.font = font;
  const fits = (text: string): boolean => !context || context.measureText(text).width <= width;
  return sentences.flatMap((sentence) => {
    const lines: string[] = [];
    for (const word of sentence.split(/\s+/)) {
      const longer = `${lines.at(-1) ?? ''} ${word}`.trim();
      if (lines.length > 0 && fits(longer)) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  });
}

/** The parts of a chart below one another, between its title and its caption. */
function composed(parts: readonly Element[], { title, caption }: PictureText) {
  const style = getComputedStyle(parts[0] ?? document.body);
  const pictures = parts.map(pictureOf).filter(({ height }) => height > 0);
  const inner = Math.max(480, ...pictures.map((picture) => picture.width));
  const text = (content: string, y: number, size: number, weight: number): SVGElement => {
    const element = svgElement('text', {
      x: MARGIN,
      y,
      fill: style.color,
      'font-family': style.fontFamily,
      'font-size': size,
      'font-weight': weight,
    });
    element.textContent = content;
    return element;
  };
  const content = [text(title, MARGIN + 14, 16, 600)];
  let y = MARGIN + 30;
  for (const { group, height } of pictures) {
    group.setAttribute('transform', `translate(${MARGIN} ${y})`);
    content.push(group);
    y += height + 8;
  }
  for (const line of wrapped(caption, inner, `12px ${style.fontFamily}`)) {
    y += LINE;
    content.push(text(line, y, 12, 400));
  }
  const width = Math.ceil(inner + 2 * MARGIN);
  const height = Math.ceil(y + MARGIN);
  const svg = svgElement('svg', {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
  });
  const paper = getComputedStyle(document.documentElement).getPropertyValue('--mq-panel').trim() || 'white';
  svg.append(svgElement('rect', { width, height, fill: paper }), ...content);
  return { svg: new XMLSerializer().serializeToString(svg), width, height };
}

/**
 * A chart as PNG at twice the size of the page, with title and caption.
 * @throws Error when the browser cannot draw it.
 */
export async function chartPng(parts: readonly Element[], text: PictureText): Promise<Blob> {
  const { svg, width, height } = composed(parts, text);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('This browser cannot make a PNG.');
  return blob;
}
