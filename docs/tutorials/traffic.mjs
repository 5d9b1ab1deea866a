// Two thousand members visit the page of docs/tutorials/first-experiment.md. The big picture works better.
import { readFileSync } from 'node:fs';
import { createClient } from '#client';

const state = process.env.MARQUEE_STATE_DIR ?? '.marquee';
const read = (file) => JSON.parse(readFileSync(`${state}/${file}`, 'utf8'));
const plays = { small: 0.2, big: 0.3 };
const client = createClient({
  url: read('urls.json').api,
  key: read('keys.json').publishable,
  unitId: 'nobody',
  timeoutMs: 10_000,
  flushAt: 500,
  maxQueued: 10_000,
  onProblem: (problem) => console.error(problem),
});

async function visit(number) {
  const member = client.forUnit(`tutorial-${number}`, { device: number % 3 === 0 ? 'tv' : 'phone' });
  const { value, decisionId } = await member.value('tutorial.hero', 'small');
  member.expose(decisionId);
  if (Math.random() < plays[value]) member.outcome('play', { decisionId, itemId: 'title-1' });
}

for (let first = 0; first < 2000; first += 20) {
  await Promise.all(Array.from({ length: 20 }, (_, i) => visit(first + i)));
}
console.log((await client.close()) ? 'all events are with the server' : 'some events are lost');
