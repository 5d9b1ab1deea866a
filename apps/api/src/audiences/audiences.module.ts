import { Module } from '@nestjs/common';
import { SegmentsController, UnitListsController, UnitTypesController } from './audiences.controller.js';
import { SegmentsService } from './segments.service.js';
import { UnitListsService } from './unit-lists.service.js';
import { UnitTypesService } from './unit-types.service.js';

/** Who experiments are for: saved segments, lists of units, kinds of units. */
@Module({
  controllers: [SegmentsController, UnitListsController, UnitTypesController],
  providers: [SegmentsService, UnitListsService, UnitTypesService],
})
export class AudiencesModule {}
