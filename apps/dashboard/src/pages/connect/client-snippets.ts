import type { Snippet } from './snippets.js';

/** The client of `libs/client`, and senders that an app may have already. */
export const CLIENT_SNIPPETS: readonly Snippet[] = [
  {
    key: 'typescript',
    title: 'TypeScript',
    code: (origin, surface) => `import { createClient, exposeWhenSeen } from '#client';

const marquee = createClient({
  url: '${origin}',
  key: 'YOUR_PUBLISHABLE_KEY',
  unitId: 'member-1',
  consent: 'granted', // or 'pending', and marquee.setConsent() once they chose
});

// Never throws: the default shows if the service is away.
const { treatments } = await marquee.treatments([{ surface: '${surface}' }]);
const decisionId = treatments[0]?.decisionId ?? null;

// Counts once half of the element was in view for half a second.
exposeWhenSeen(marquee, document.querySelector('#place'), decisionId);

// When they press play:
marquee.outcome('play', { decisionId });`,
  },
  {
    key: 'react',
    title: 'React',
    code: (origin, surface) => `import { createClient } from '#client';
import { MarqueeProvider, useExposure, useOutcome, useTreatment } from '#client/react';

const client = createClient({
  url: '${origin}',
  key: 'YOUR_PUBLISHABLE_KEY',
  unitId: 'member-1',
});

function Hero() {
  const shown = useTreatment('${surface}', 'default');
  const play = useOutcome('play');
  return (
    <button ref={useExposure(shown)} onClick={() => play({ decisionId: shown.decisionId })}>
      {String(shown.value)}
    </button>
  );
}

export const App = () => (
  <MarqueeProvider client={client}>
    <Hero />
  </MarqueeProvider>
);`,
  },
  {
    key: 'segment',
    title: 'Segment',
    code: (origin) => `# Outcomes from a sender that speaks Segment's HTTP API.
# The write key is a publishable key.
curl -s ${origin}/v1/track \\
  -u YOUR_PUBLISHABLE_KEY: \\
  -H 'Content-Type: application/json' \\
  -d '{"messageId": "message-1", "userId": "member-1",
       "event": "Video Playback Started",
       "timestamp": "${new Date().toISOString()}",
       "properties": {"content_asset_id": "title-7",
         "marquee": {"decisionId": "DECISION_ID"}}}'`,
  },
];
