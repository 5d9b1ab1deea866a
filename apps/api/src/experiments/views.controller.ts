import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '../access/keys.js';
import { Acting, Calling } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { listFacets } from './experiment-list.js';
import { createViewSchema, patchViewSchema } from './views.schemas.js';
import type { CreateView, PatchView } from './views.schemas.js';
import { ViewsService } from './views.service.js';

@ApiTags('experiments')
@Controller('v1')
export class ExperimentViewsController {
  constructor(
    @Inject(ViewsService) private readonly views: ViewsService,
    @Inject(Database) private readonly db: Database,
  ) {}

  @Get('experiment-facets')
  @AllowRole('secret')
  @ApiOperation({ summary: 'What each filter of the list of experiments can be set to, with counts' })
  facets() {
    return listFacets(this.db);
  }

  @Get('experiment-views')
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Saved views of the list of experiments: shared ones, and those of the calling key',
  })
  async list(@Calling() caller: Caller) {
    return { items: await this.views.list(caller), nextCursor: null };
  }

  @Post('experiment-views')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Save a view; a shared one needs the role admin' })
  create(
    @Body({ schema: createViewSchema }) body: CreateView,
    @Calling() caller: Caller,
    @Acting() acting: Acting,
  ) {
    return this.views.create(body, caller, acting);
  }

  @Patch('experiment-views/:id')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Rename a view, change or share it, or let it open first' })
  patch(
    @Param('id') id: string,
    @Body({ schema: patchViewSchema }) body: PatchView,
    @Calling() caller: Caller,
    @Acting() acting: Acting,
  ) {
    return this.views.patch(id, body, caller, acting);
  }

  @Delete('experiment-views/:id')
  @HttpCode(204)
  @AllowRole('secret')
  @ApiOperation({ summary: 'Delete a view' })
  remove(@Param('id') id: string, @Calling() caller: Caller, @Acting() acting: Acting) {
    return this.views.remove(id, caller, acting);
  }
}
