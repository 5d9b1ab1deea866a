import { Command } from 'commander';
import { registerAnalyze } from './commands/analyze.js';
import { registerConfig } from './commands/config/config.js';
import { registerImportGrowthBook } from './commands/config/import-growthbook.js';
import { registerDemo } from './commands/demo.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerMetrics } from './commands/metrics.js';
import { registerOffPolicy } from './commands/off-policy.js';
import { registerPolicy } from './commands/policy.js';
import { registerReplay } from './commands/replay.js';
import { registerSimulate } from './commands/simulate.js';
import { registerVerifyHashing } from './commands/verify-hashing.js';
import { registerVerifyOffPolicy } from './commands/verify-off-policy.js';
import { registerVerifyPropensity } from './commands/verify-propensity.js';
import { registerVerifyRecommenders } from './commands/verify-recommenders.js';
import { registerVerifySlate } from './commands/verify-slate.js';
import { registerVerifyStats } from './commands/verify-stats.js';

/** The `marquee` command: each subcommand is one file of commands/ and one line here. */
function createProgram(): Command {
  const program = new Command('marquee')
    .description('Experiments and bandits for products that personalise what people watch, read or buy')
    .showHelpAfterError('(add --help for the options)');
  registerDemo(program);
  registerAnalyze(program);
  registerConfig(program);
  registerEvaluate(program);
  registerImportGrowthBook(program);
  registerMetrics(program);
  registerOffPolicy(program);
  registerPolicy(program);
  registerReplay(program);
  registerSimulate(program);
  const verify = program.command('verify').description('check the engine against reference cases');
  registerVerifyHashing(verify);
  registerVerifyStats(verify);
  registerVerifyOffPolicy(verify);
  registerVerifySlate(verify);
  registerVerifyPropensity(verify);
  registerVerifyRecommenders(verify);
  return program;
}

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`marquee: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
