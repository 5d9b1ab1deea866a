import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { KeysController } from './keys.controller.js';
import { KeysService } from './keys.service.js';

@Module({ controllers: [KeysController, AuditController], providers: [KeysService] })
export class AccessModule {}
