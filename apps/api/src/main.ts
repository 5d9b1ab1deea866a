import { Logger } from '@nestjs/common';
import { closeOnSignals, createApi, failBoot } from './bootstrap.js';
import { readConfig } from './config/config.js';
import { documentOf } from './http/openapi.js';

async function main(): Promise<void> {
  const config = readConfig();
  const running = await createApi(config);
  closeOnSignals(running);
  // Now, and not while it serves.
  documentOf(running.app);
  await running.app.listen({ port: config.port, host: config.host });
  new Logger('Api').log(`listening on ${await running.app.getUrl()}`);
}

main().catch(failBoot);
