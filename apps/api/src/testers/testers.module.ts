import { Body, Controller, HttpCode, Inject, Module, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Acting } from '../http/acting.js';
import { keyField, textField } from '../http/fields.js';
import { TestersService } from './testers.service.js';

const MOST_HOURS = 30 * 24;
const testerSchema = z.strictObject({
  /** Stands in the log of decisions; not a person's address. */
  name: textField(100).min(1),
  arms: z
    .record(keyField, keyField)
    .refine((arms) => Object.keys(arms).length > 0, 'name at least one experiment')
    .refine((arms) => Object.keys(arms).length <= 20, 'name at most 20 experiments'),
  hours: z.int().min(1).max(MOST_HOURS).default(24),
});

const revokeSchema = z.strictObject({ confirm: z.literal(true, 'must be true: testers lose their arms') });

/** Admins only: a token shows what has not been started. */
@ApiTags('experiments')
@Controller('v1/tester-tokens')
export class TestersController {
  constructor(@Inject(TestersService) private readonly testers: TestersService) {}

  @Post()
  @ApiOperation({
    summary: 'A signed token that forces arms for a tester; their decisions count for no experiment',
  })
  give(@Body({ schema: testerSchema }) body: z.output<typeof testerSchema>, @Acting() acting: Acting) {
    return this.testers.give(body, acting);
  }

  @Post('revoke-all')
  @HttpCode(200)
  @ApiOperation({ summary: 'A new key for tokens: all that were given out stop to count' })
  revokeAll(@Body({ schema: revokeSchema }) _body: z.output<typeof revokeSchema>, @Acting() acting: Acting) {
    return this.testers.revokeAll(acting);
  }
}

@Module({ controllers: [TestersController], providers: [TestersService] })
export class TestersModule {}
