import { describe, expect, it } from '@jest/globals';
import { SERVES_WITHOUT } from './serves-without.js';

describe('what serves before the first snapshot', () => {
  it('is the default order for policies that learn in training runs only', () => {
    const inDefaultOrder = Object.entries(SERVES_WITHOUT).filter(([, text]) =>
      text.includes('default order'),
    );
    expect(inDefaultOrder.map(([learns]) => learns)).toEqual(['batch']);
  });
});
