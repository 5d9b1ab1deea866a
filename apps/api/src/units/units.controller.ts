import { Controller, Delete, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { idField } from '../http/fields.js';
import { UnitsService } from './units.service.js';

/** Unit-level data is for admins only. */
@ApiTags('units')
@Controller('v1/units')
export class UnitsController {
  constructor(@Inject(UnitsService) private readonly units: UnitsService) {}

  @Get(':id')
  @ApiOperation({ summary: 'Everything that is kept of a unit' })
  export(@Param('id', { schema: idField }) id: string) {
    return this.units.export(id);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Erase a unit for good: removes what is kept and refuses what still comes' })
  erase(@Param('id', { schema: idField }) id: string, @Acting() acting: Acting) {
    return this.units.erase(id, acting);
  }
}
