import { Logger } from '@nestjs/common';
import { closeOnSignals, createWorker, failBoot } from './bootstrap.js';
import { readConfig } from './config/config.js';

async function main(): Promise<void> {
  const config = readConfig();
  const running = await createWorker(config);
  closeOnSignals(running);
  new Logger('Worker').log(`running ${config.roles.join(', ')}`);
}

main().catch(failBoot);
