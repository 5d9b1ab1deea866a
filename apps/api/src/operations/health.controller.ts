import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';

const PATIENCE_MS = 1_000;

@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get('live')
  @Public()
  @ApiOperation({ summary: 'The process answers' })
  live() {
    return { status: 'ok' };
  }

  /**
   * Ready from the moment it listens: the catalogue is in memory by then, so treatments and events go on while the
   * database is away. That state is told, but it takes no process out of service; a process that drains answers 503.
   */
  @Get('ready')
  @Public()
  @ApiOperation({ summary: 'The process serves; "degraded" while it does so without the database' })
  async ready() {
    const database = (await this.reachable()) ? 'ok' : 'unavailable';
    return { status: database === 'ok' ? 'ok' : 'degraded', checks: { database } };
  }

  private async reachable(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), PATIENCE_MS);
    });
    const asked = this.db.query('select 1').then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
