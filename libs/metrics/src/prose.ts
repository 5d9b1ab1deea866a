/** Numbers as a product manager reads them; the exact ones are in the fields beside the sentence. */

/** A share as a percentage, e.g. 0.0123 -> "1.2 %". */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** A lift with its sign, e.g. "+3.1 %"; a true minus sign keeps columns and sentences readable. */
export function signedPercent(share: number, digits = 1): string {
  const text = percent(Math.abs(share), digits);
  if (Number.parseFloat(text) === 0) return text;
  return share < 0 ? `\u2212${text}` : `+${text}`;
}

/** A number to four significant digits with its sign. */
export function signedNumber(value: number): string {
  const text = Number(Math.abs(value).toPrecision(4)).toString();
  if (value === 0) return '0';
  return value < 0 ? `\u2212${text}` : `+${text}`;
}

/** A count rounded to two significant digits upwards, with thousands separated: 13 421 -> "14,000". */
export function count(value: number): string {
  if (value <= 0) return '0';
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return (Math.ceil(value / unit) * unit).toLocaleString('en-US');
}

export function pValueText(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}
