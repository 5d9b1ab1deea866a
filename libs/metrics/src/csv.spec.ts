import { describe, expect, it } from '@jest/globals';
import { toCsv } from './csv.js';

describe('CSV', () => {
  it('keeps every digit of a number, negative ones too, and quotes where it must', () => {
    expect(
      toCsv(
        ['a', 'b, c'],
        [
          [-0.1 + -0.2, 'say "x"'],
          [5e-324, null],
          [true, 'two\nlines'],
        ],
      ),
    ).toBe('a,"b, c"\r\n-0.30000000000000004,"say ""x"""\r\n5e-324,\r\ntrue,"two\nlines"\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@sum', '\tx', '\rx', '=a,b'])('keeps the text %j text', (text) => {
    const line = toCsv(['x'], [[text]]).slice(3);
    expect(line.replace(/^"/, '').startsWith(`'${text[0]}`)).toBe(true);
  });

  it('leaves text alone that is no formula', () => {
    expect(toCsv(['x'], [['a=b'], ['3 + 4']])).toBe('x\r\na=b\r\n3 + 4\r\n');
  });
});
