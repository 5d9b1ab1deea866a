import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { ApprovalsService } from './approvals.service.js';
import { bookings, calendarView } from './calendar.js';
import { Checklist } from './checklist.js';
import { Evidence } from './evidence.js';
import {
  approvalSettingSchema,
  askSchema,
  calendarQuery,
  decideSchema,
  noteSchema,
} from './lifecycle.schemas.js';
import type { ApprovalSetting, AskBody, CalendarQuery, DecideBody, NoteBody } from './lifecycle.schemas.js';
import { NotesService } from './notes.service.js';

const DAY_MS = 86_400_000;

@ApiTags('experiments')
@Controller('v1')
export class LifecycleController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ApprovalsService) private readonly approvals: ApprovalsService,
    @Inject(NotesService) private readonly notes: NotesService,
    @Inject(Evidence) private readonly evidence: Evidence,
    @Inject(Checklist) private readonly checklist: Checklist,
  ) {}

  @Get('experiments/:key/checklist')
  @AllowRole('secret')
  @ApiOperation({ summary: 'What should be true before a start, and what was found of it' })
  check(@Param('key') key: string) {
    return this.checklist.of(key, new Date());
  }

  @Get('experiments/:key/approval')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Whether a start needs a second person, and what they said' })
  approval(@Param('key') key: string) {
    return this.approvals.get(key);
  }

  @Post('experiments/:key/approval')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ask for the approval of the design as it is now' })
  ask(@Param('key') key: string, @Body({ schema: askSchema }) body: AskBody, @Acting() acting: Acting) {
    return this.approvals.ask(key, body, acting);
  }

  @Post('experiments/:key/approval/decision')
  @HttpCode(200)
  @ApiOperation({ summary: 'Approve or reject; not by the key that asked' })
  decide(
    @Param('key') key: string,
    @Body({ schema: decideSchema }) body: DecideBody,
    @Acting() acting: Acting,
  ) {
    return this.approvals.decide(key, body, acting);
  }

  @Get('settings/approval')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Whether starts of this project need a second person' })
  setting() {
    return this.approvals.setting();
  }

  @Put('settings/approval')
  @ApiOperation({ summary: 'Ask a second person to approve every start, or stop asking' })
  set(@Body({ schema: approvalSettingSchema }) body: ApprovalSetting, @Acting() acting: Acting) {
    return this.approvals.set(body, acting);
  }

  @Get('experiments/:key/notes')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Comments and decision log, the newest first' })
  list(@Param('key') key: string) {
    return this.notes.list(key);
  }

  @Post('experiments/:key/notes')
  @ApiOperation({ summary: 'Add a comment or a decision; neither is ever changed' })
  note(@Param('key') key: string, @Body({ schema: noteSchema }) body: NoteBody, @Acting() acting: Acting) {
    return this.notes.add(key, body, acting);
  }

  @Get('experiments/:key/evidence')
  @AllowRole('secret')
  @ApiOperation({ summary: 'The report as it stood when the experiment was stopped or shipped' })
  snapshots(@Param('key') key: string) {
    return this.evidence.of(key, new Date());
  }

  @Get('calendar')
  @AllowRole('secret')
  @ApiOperation({
    summary: "Which experiments run when on which surface, which are in each other's way, and why",
  })
  async calendar(@Query({ schema: calendarQuery }) { from, to, drafts }: CalendarQuery) {
    const now = Date.now();
    const all = await bookings(this.db, now, drafts === 'true');
    return calendarView(all, from ?? now - 28 * DAY_MS, to ?? now + 28 * DAY_MS);
  }
}
