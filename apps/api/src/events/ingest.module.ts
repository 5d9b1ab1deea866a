import { Module } from '@nestjs/common';
import { FactStore } from '../persistence/fact-store.js';
import { IngestProcessor } from './ingest.processor.js';

/** Writes facts from the queue. */
@Module({ providers: [FactStore, IngestProcessor] })
export class IngestModule {}
