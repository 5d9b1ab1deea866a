import { CLIENT_SNIPPETS } from './client-snippets.js';
import { SDK_SNIPPETS } from './sdk-snippets.js';

export interface Snippet {
  key: string;
  title: string;
  code: (origin: string, surface: string) => string;
}

/** Stands in every example until the page knows a key. */
export const KEY_PLACE = 'YOUR_PUBLISHABLE_KEY';

/** Examples that run as they stand, once the key is put in. */
export const SNIPPETS: readonly Snippet[] = [
  {
    key: 'curl',
    title: 'curl',
    code: (origin, surface) => `# 1. Ask what this member gets
curl -s ${origin}/v1/treatments \\
  -H 'Authorization: Bearer YOUR_PUBLISHABLE_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{"unitId": "member-1", "expose": true,
       "requests": [{"surface": "${surface}"}]}'

# 2. Report what they did with it
curl -s ${origin}/v1/events \\
  -H 'Authorization: Bearer YOUR_PUBLISHABLE_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{"events": [{"id": "event-1", "unitId": "member-1",
       "kind": "outcome", "name": "play",
       "at": "${new Date().toISOString()}",
       "decisionId": "DECISION_ID_FROM_STEP_1"}]}'`,
  },
  {
    key: 'javascript',
    title: 'JavaScript',
    code: (origin, surface) => `const headers = {
  Authorization: 'Bearer YOUR_PUBLISHABLE_KEY',
  'Content-Type': 'application/json',
};

const answer = await fetch('${origin}/v1/treatments', {
  method: 'POST',
  headers,
  body: JSON.stringify({ unitId: 'member-1', requests: [{ surface: '${surface}' }], expose: true }),
});
const [treatment] = (await answer.json()).treatments;

// When they press play:
await fetch('${origin}/v1/events', {
  method: 'POST',
  headers,
  body: JSON.stringify({
    events: [{
      id: crypto.randomUUID(),
      kind: 'outcome',
      name: 'play',
      unitId: 'member-1',
      at: new Date().toISOString(),
      decisionId: treatment.decisionId,
    }],
  }),
});`,
  },
  ...CLIENT_SNIPPETS,
  {
    key: 'openfeature',
    title: 'OpenFeature',
    code: (origin, surface) => `# Any OpenFeature SDK with the OFREP provider. The flag key is the surface.
curl -s ${origin}/ofrep/v1/evaluate/flags/${surface} \\
  -H 'Authorization: Bearer YOUR_PUBLISHABLE_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{"context": {"targetingKey": "member-1", "device": "tv"}}'`,
  },
  ...SDK_SNIPPETS,
];
