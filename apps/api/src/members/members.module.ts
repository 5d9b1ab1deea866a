import { Module } from '@nestjs/common';
import { Consents } from './consents.js';
import { NextSessions } from './next-sessions.js';
import { Personalisation } from './personalisation.js';
import { PreviewsController } from './previews.controller.js';
import { Previews } from './previews.js';
import { ProfilesController } from './profiles.controller.js';
import { Profiles } from './profiles.js';

@Module({
  controllers: [PreviewsController, ProfilesController],
  providers: [Previews, Profiles, Personalisation, Consents, NextSessions],
})
export class MembersModule {}
