// The ceiling of POST /v1/treatments: Fastify alone, that parses the same requests and serialises the same answers.
import fastify from 'fastify';

const answers = JSON.parse(process.env['BENCH_ANSWERS'] ?? '{}') as Record<string, unknown>;
const server = fastify({ logger: false });
for (const [path, answer] of Object.entries(answers))
  server.post(path, (_request, reply) => reply.send(answer));
server.listen({ port: Number(process.env['BENCH_PORT']), host: '127.0.0.1' }, (error) => {
  if (error) throw error;
  process.stdout.write('listening\n');
});
