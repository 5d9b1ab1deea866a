import { Body, Controller, Get, Inject, Param, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { idField } from '../http/fields.js';
import { consentsSchema, nextSessionSchema, personalisationSchema, profileSchema } from './member.schemas.js';
import type { ConsentsBody, NextSessionQuery, PersonalisationBody, ProfileQuery } from './member.schemas.js';
import { Consents } from './consents.js';
import { NextSessions } from './next-sessions.js';
import { Personalisation } from './personalisation.js';
import { Profiles } from './profiles.js';

/** Unit-level data is for admins only. */
@ApiTags('units')
@Controller('v1/units/:id')
export class ProfilesController {
  constructor(
    @Inject(Profiles) private readonly profiles: Profiles,
    @Inject(Personalisation) private readonly personalisation: Personalisation,
    @Inject(Consents) private readonly consents: Consents,
    @Inject(NextSessions) private readonly nextSessions: NextSessions,
  ) {}

  @Get('profile')
  @ApiOperation({
    summary: 'What policies see and believe of a unit: history, mix, best titles and why; audited',
  })
  profile(
    @Param('id', { schema: idField }) id: string,
    @Query({ schema: profileSchema }) query: ProfileQuery,
    @Acting() acting: Acting,
  ) {
    return this.profiles.profile(id, query, acting);
  }

  @Get('next-session')
  @ApiOperation({ summary: 'When a unit comes back, with which probability, and to what; audited' })
  nextSession(
    @Param('id', { schema: idField }) id: string,
    @Query({ schema: nextSessionSchema }) query: NextSessionQuery,
    @Acting() acting: Acting,
  ) {
    return this.nextSessions.of(id, query, acting);
  }

  @Put('personalisation')
  @ApiOperation({ summary: 'Whether policies may know the unit; without it they answer as for somebody new' })
  set(
    @Param('id', { schema: idField }) id: string,
    @Body({ schema: personalisationSchema }) body: PersonalisationBody,
    @Acting() acting: Acting,
  ) {
    return this.personalisation.set(id, body.personalised, acting);
  }

  @Put('consents')
  @ApiOperation({ summary: 'Consents that a unit took back: policies do not get these features any more' })
  setConsents(
    @Param('id', { schema: idField }) id: string,
    @Body({ schema: consentsSchema }) body: ConsentsBody,
    @Acting() acting: Acting,
  ) {
    return this.consents.set(id, body.withdrawn, acting);
  }
}
