import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import { PoliciesService } from './policies.service.js';
import { PolicyReads } from './policy-reads.js';
import {
  actionValuesSchema,
  actionsSchema,
  allocationSchema,
  createPolicySchema,
  listSnapshotsSchema,
  nothingSchema,
  patchPolicySchema,
  promoteSchema,
  relearnSchema,
  rollbackSchema,
  settlementSchema,
  shadowSchema,
  trainingRunSchema,
} from './policy.schemas.js';
import type {
  ActionValuesQuery,
  ActionsQuery,
  AllocationQuery,
  CreatePolicy,
  ListSnapshots,
  PatchPolicy,
  PromoteBody,
  RelearnBody,
  RollbackBody,
  SettlementQuery,
  ShadowQuery,
  TrainingRunBody,
} from './policy.schemas.js';
import { ShadowReport } from './shadow-report.js';
import { SnapshotsService } from './snapshots.service.js';
import { TrainingRunsService } from './training-runs.service.js';

@ApiTags('policies')
@Controller('v1/policies')
@UseInterceptors(EtagInterceptor)
export class PoliciesController {
  constructor(
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(SnapshotsService) private readonly versions: SnapshotsService,
    @Inject(PolicyReads) private readonly reads: PolicyReads,
    @Inject(TrainingRunsService) private readonly runs: TrainingRunsService,
    @Inject(ShadowReport) private readonly shadows: ShadowReport,
  ) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Configured bandits and recommenders' })
  list() {
    return this.policies.list();
  }

  @Post()
  @ApiOperation({ summary: 'Configure a registered policy' })
  create(@Body({ schema: createPolicySchema }) body: CreatePolicy, @Acting() acting: Acting) {
    return this.policies.create(body, acting);
  }

  @Get(':id')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One policy' })
  get(@Param('id') id: string) {
    return this.policies.get(id);
  }

  @Patch(':id')
  @ApiOperation({
    summary:
      'Change fields, with If-Match if you like; changed parameters make an online policy learn all its rewards again',
  })
  patch(
    @Param('id') id: string,
    @Body({ schema: patchPolicySchema }) body: PatchPolicy,
    @Acting() acting: Acting,
  ) {
    return this.policies.patch(id, body, acting);
  }

  @Post(':id/preview')
  @HttpCode(200)
  @ApiOperation({ summary: 'What a change would do: field by field, to what was learned, and at the gate' })
  preview(
    @Param('id') id: string,
    @Body({ schema: patchPolicySchema }) body: PatchPolicy,
    @Acting() acting: Acting,
  ) {
    return this.policies.preview(id, body, acting);
  }

  @Get(':id/snapshots')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Versions of the learned state, the newest first' })
  snapshots(@Param('id') id: string, @Query({ schema: listSnapshotsSchema }) query: ListSnapshots) {
    return this.versions.list(id, query);
  }

  @Post(':id/promote')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let a version serve' })
  promote(
    @Param('id') id: string,
    @Body({ schema: promoteSchema }) body: PromoteBody,
    @Acting() acting: Acting,
  ) {
    return this.versions.promote(id, body, acting);
  }

  @Post(':id/rollback')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Let the version before (or the one named; 0: nothing learned) serve, and freeze learning',
  })
  rollback(
    @Param('id') id: string,
    @Body({ schema: rollbackSchema }) body: RollbackBody,
    @Acting() acting: Acting,
  ) {
    return this.versions.rollback(id, body.version, acting);
  }

  @Post(':id/freeze')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop learning; rewards wait, serving goes on' })
  freeze(@Param('id') id: string, @Body({ schema: nothingSchema }) _body: object, @Acting() acting: Acting) {
    return this.policies.setLearning(id, false, acting);
  }

  @Post(':id/unfreeze')
  @HttpCode(200)
  @ApiOperation({ summary: 'Learn again, from the newest accepted version and with the rewards that waited' })
  unfreeze(
    @Param('id') id: string,
    @Body({ schema: nothingSchema }) _body: object,
    @Acting() acting: Acting,
  ) {
    return this.policies.setLearning(id, true, acting);
  }

  @Post(':id/relearn')
  @HttpCode(202)
  @ApiOperation({ summary: 'Learn all rewards again, as one new version' })
  relearn(
    @Param('id') id: string,
    @Body({ schema: relearnSchema }) body: RelearnBody,
    @Acting() acting: Acting,
  ) {
    return this.policies.relearn(id, body, acting);
  }

  @Get(':id/reward-versions')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Versions of the reward definition, the newest first' })
  rewardVersions(@Param('id') id: string) {
    return this.policies.rewardVersions(id);
  }

  @Get(':id/allocation')
  @AllowRole('secret')
  @ApiOperation({ summary: 'What the policy chose over time; of slates, what it put first' })
  allocation(@Param('id') id: string, @Query({ schema: allocationSchema }) query: AllocationQuery) {
    return this.reads.allocation(id, query);
  }

  @Get(':id/actions')
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Per action: decisions, rewards, weighted mean reward with interval, probability now',
  })
  actions(@Param('id') id: string, @Query({ schema: actionsSchema }) query: ActionsQuery) {
    return this.reads.actions(id, query);
  }

  @Get(':id/action-values')
  @AllowRole('secret')
  @ApiOperation({
    summary: 'What each action is worth, from the policy’s own log: adaptively weighted, with intervals',
  })
  actionValues(@Param('id') id: string, @Query({ schema: actionValuesSchema }) query: ActionValuesQuery) {
    return this.reads.actionValues(id, query, new Date());
  }

  @Get(':id/settlement')
  @AllowRole('secret')
  @ApiOperation({
    summary: 'What was settled lately, and what was left out of learning: unseen, unplaced or late',
  })
  settlement(@Param('id') id: string, @Query({ schema: settlementSchema }) query: SettlementQuery) {
    return this.reads.settlement(id, query);
  }

  @Get(':id/shadow')
  @AllowRole('secret')
  @ApiOperation({
    summary: 'What the shadows of the policy would have done and earned, from its own log',
  })
  shadow(@Param('id') id: string, @Query({ schema: shadowSchema }) query: ShadowQuery) {
    return this.shadows.read(id, query);
  }

  @Get(':id/training-runs')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Training runs, the newest first' })
  trainingRuns(@Param('id') id: string) {
    return this.runs.list(id);
  }

  @Post(':id/training-runs')
  @HttpCode(202)
  @ApiOperation({ summary: 'Train a recommender on the outcomes until now, or until a cut' })
  train(
    @Param('id') id: string,
    @Body({ schema: trainingRunSchema }) body: TrainingRunBody,
    @Acting() acting: Acting,
  ) {
    return this.runs.start(id, body, acting);
  }
}
