import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { KeyRing } from './access/keys.js';
import { CONFIG } from './config/config.js';
import type { Config } from './config/config.js';
import { Database } from './persistence/database.js';

/** What every feature may inject: configuration, the database, the key ring. */
@Global()
@Module({})
export class CoreModule {
  static of(config: Config, database: Database, keys: KeyRing): DynamicModule {
    return {
      module: CoreModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: Database, useValue: database },
        { provide: KeyRing, useValue: keys },
      ],
      exports: [CONFIG, Database, KeyRing],
    };
  }
}
