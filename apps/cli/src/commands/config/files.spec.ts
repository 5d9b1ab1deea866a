import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { placeOf, readConfigFiles } from './files.js';
import { leftOut } from './left-out.js';

describe('configuration files', () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'marquee-files-'));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  const read = (text: string, name = 'one.yaml') => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text);
    return readConfigFiles([file], folder);
  };
  const surface = (value: string): string =>
    `surfaces:\n  - key: home.hero\n    title: Hero\n    kind: value\n    defaultValue: ${value}\n`;

  it('takes YAML 1.2 for what it says: dates, times and yes are texts', () => {
    for (const [text, value] of [
      ['2026-11-27', '2026-11-27'],
      ['12:30', '12:30'],
      ['yes', 'yes'],
      ['off', 'off'],
      ['010', 10],
      ['0.5', 0.5],
      ['~', null],
      ['{ constructor: 1, toString: two }', { constructor: 1, toString: 'two' }],
    ] as const)
      expect([text, read(surface(text)).config['surfaces']]).toEqual([
        text,
        [{ key: 'home.hero', title: 'Hero', kind: 'value', defaultValue: value }],
      ]);
  });

  const bomb = Array.from(
    { length: 9 },
    (_, i) => `      a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`,
  );
  it.each([
    ['keys that are there twice', 'segments: []\nsegments: []\n', 'unique'],
    ['aliases that grow', surface(`\n${['      a0: &a0 [x, x]', ...bomb].join('\n')}`), 'alias'],
    ['numbers that are none', surface('.nan'), 'NaN'],
    ['numbers without an end', surface('.inf'), 'Infinity'],
    ['numbers that JSON rounds', surface('12345678901234567890'), 'quotation marks'],
    ['prototypes', surface('{ __proto__: { admin: true } }'), '__proto__'],
    ['tags that nobody knows', surface('!include other.yaml'), 'tag'],
    ['dates of YAML 1.1', `%YAML 1.1\n---\n${surface('2026-11-27')}`, 'text'],
    ['depths without an end', surface(`${'['.repeat(80)}${']'.repeat(80)}`), 'nested'],
    ['lists that are none', 'experiments: 5\n', 'not one of the lists'],
    ['lists with such a name', 'constructor: []\n', 'not one of the lists'],
    ['things without a key', 'experiments: [5]\n', 'has no "key"'],
  ])('refuses %s, with the file', (_what, text, why) => {
    expect(() => read(text)).toThrow(new RegExp(`one\\.yaml: .*${why}`, 's'));
  });

  it('says of an export what is not in it, and what one apply cannot take', () => {
    const list = (parts: object) => ({ key: 'callers', title: 'Callers', ...parts });
    expect(leftOut({ version: 1, unitLists: [list({ ids: ['a'] })], segments: [{ key: 'x' }] })).toEqual([]);
    const large = {
      unitLists: [list({ size: 70_000 })],
      segments: Array.from({ length: 1001 }, (_, i) => ({ key: `s-${i}` })),
      surfaces: [{ key: 'hero', defaultValue: 'x'.repeat(5_000_000) }],
    };
    expect(leftOut(large)).toEqual([
      expect.stringContaining('70000 ids of "callers" are not in the file'),
      expect.stringContaining('segments: there are 1001; one apply takes 1000'),
      expect.stringContaining('6 MB; one apply takes 5 MB'),
    ]);
  });

  it('reads a folder as one, refuses what is in two files, and leads pointers back', () => {
    const inside = path.join(folder, 'config');
    fs.mkdirSync(path.join(inside, '.git'), { recursive: true });
    fs.writeFileSync(path.join(inside, 'a.yaml'), `${surface('1')}---\nsegments: [{ key: french }]\n`);
    fs.writeFileSync(path.join(inside, 'b.json'), '{"version": 1, "experiments": [{"key": "hero"}]}');
    fs.writeFileSync(path.join(inside, '.git', 'c.yaml'), 'nonsense: true\n');
    const files = readConfigFiles([inside], folder);
    expect(files.files).toEqual({
      'surface/home.hero': 'config/a.yaml',
      'segment/french': 'config/a.yaml',
      'experiment/hero': 'config/b.json',
    });
    expect(placeOf('/experiments/0/traffic', files)).toBe('config/b.json: experiment "hero" /traffic');
    fs.writeFileSync(path.join(inside, 'd.yaml'), surface('2'));
    expect(() => readConfigFiles([inside], folder)).toThrow('is in config/a.yaml already');
  });
});
