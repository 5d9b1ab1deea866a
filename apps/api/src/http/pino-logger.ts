import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { Logger } from 'pino';

/** Structured logs, one JSON object a line. Nothing that is logged names a unit. */
export class PinoLogger implements LoggerService {
  private readonly pino: Logger;

  constructor(level: string, role: string) {
    this.pino = pino({ level, base: { role, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime });
  }

  log(message: unknown, context?: string): void {
    this.pino.info({ context }, String(message));
  }

  error(message: unknown, stack?: string, context?: string): void {
    const error = message instanceof Error ? message : null;
    this.pino.error({ context, stack: error?.stack ?? stack }, error?.message ?? String(message));
  }

  warn(message: unknown, context?: string): void {
    this.pino.warn({ context }, String(message));
  }

  debug(message: unknown, context?: string): void {
    this.pino.debug({ context }, String(message));
  }

  verbose(message: unknown, context?: string): void {
    this.pino.trace({ context }, String(message));
  }
}
