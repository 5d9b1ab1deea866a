import { Worker } from 'bullmq';
import type { Processor, WorkerOptions } from 'bullmq';

/** A BullMQ worker that can be woken when it sleeps beside a backlog. */
export class RevivableWorker extends Worker {
  /** Unix milliseconds of the last job taken or finished. */
  lastProgressAt = Date.now();
  /** Jobs being processed now. */
  activeJobs = 0;

  constructor(name: string, processor: Processor, options: WorkerOptions) {
    super(name, processor, options);
    this.on('active', () => this.progressed(1));
    this.on('completed', () => this.progressed(-1));
    this.on('failed', () => this.progressed(-1));
  }

  /**
   * Ends the current wait for a job and subscribes afresh. After a restart of PostgreSQL a worker may wait on a
   * subscription that died with the server, for as long as no other producer wakes it.
   */
  async revive(): Promise<void> {
    await this.backend.disconnectBlocking();
    await this.backend.reconnectBlocking();
    if (!this.isRunning() && !this.closing)
      void this.run().catch((error: Error) => this.emit('error', error));
  }

  private progressed(change: number): void {
    this.lastProgressAt = Date.now();
    this.activeJobs = Math.max(0, this.activeJobs + change);
  }
}
