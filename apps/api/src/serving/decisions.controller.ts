import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AllowRole } from '../http/api-key.guard.js';
import { textField } from '../http/fields.js';
import { pageOfDecision } from './decision-page.js';
import type { DecisionPage } from './decision-page.js';
import { DecisionInspector } from './decision-inspector.js';
import type { DecisionDetail } from './decision-inspector.js';
import { eventViewOf, viewOf } from './decision-view.js';
import type { DecisionView, EventView } from './decision-view.js';
import { DecisionsStore, cursorOf, timeOf } from './decisions.store.js';

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

const limit = z.coerce.number().int().min(1).max(500).default(50);
const text = textField(256).min(1).optional();
const isTime = (value: string): boolean =>
  /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));

const decisionsQuery = z.strictObject({
  limit,
  unitId: text,
  experiment: text,
  surface: text,
  before: textField(64)
    .refine(
      (value) => timeOf(value) !== null || isTime(value),
      'must be the id of a decision or an ISO 8601 time',
    )
    .optional()
    .describe('Older ones only: the id of a decision (`nextCursor`) or a time.'),
});
const eventsQuery = z.strictObject({
  limit,
  unitId: text,
  decisionId: text,
  before: textField(256)
    .refine(
      (value) => /^\d{1,18}~-?\d{1,16}~./s.test(value) || isTime(value),
      'must be a cursor or an ISO 8601 time',
    )
    .optional()
    .describe('Older ones only: a `nextCursor` or a time.'),
});

@ApiTags('decisions')
@Controller('v1/decisions')
@AllowRole('secret')
export class DecisionsController {
  constructor(
    @Inject(DecisionsStore) private readonly decisions: DecisionsStore,
    @Inject(DecisionInspector) private readonly inspector: DecisionInspector,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Served decisions, the newest first' })
  async list(
    @Query({ schema: decisionsQuery }) query: z.output<typeof decisionsQuery>,
  ): Promise<Page<DecisionView>> {
    const rows = await this.decisions.list(query);
    return {
      items: rows.map(viewOf),
      nextCursor: rows.length === query.limit ? (rows.at(-1)?.id ?? null) : null,
    };
  }

  @Get(':id')
  @ApiOperation({
    summary:
      'Why a unit got what it got: path, candidates, probabilities, outcomes, reward, and the draw repeated',
  })
  get(@Param('id') id: string): Promise<DecisionDetail> {
    return this.inspector.inspect(id);
  }

  @Get(':id/page')
  @ApiOperation({
    summary: 'Everything that was decided with it on one page, and the probability of all of it together',
  })
  page(@Param('id') id: string): Promise<DecisionPage> {
    return pageOfDecision(this.decisions, id);
  }
}

@ApiTags('events')
@Controller('v1/events')
@AllowRole('secret')
export class StoredEventsController {
  constructor(@Inject(DecisionsStore) private readonly decisions: DecisionsStore) {}

  @Get()
  @ApiOperation({ summary: 'Stored exposures and outcomes, the latest arrivals first' })
  async list(@Query({ schema: eventsQuery }) query: z.output<typeof eventsQuery>): Promise<Page<EventView>> {
    const rows = await this.decisions.events(query);
    const last = rows.at(-1);
    return {
      items: rows.map(eventViewOf),
      nextCursor: last && rows.length === query.limit ? cursorOf(last) : null,
    };
  }
}
