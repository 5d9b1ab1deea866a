import { Module } from '@nestjs/common';
import { ServingModule } from '../serving/serving.module.js';
import { PagePreviews } from './page-previews.js';
import { PagesController } from './pages.controller.js';
import { PagesService } from './pages.service.js';

@Module({
  imports: [ServingModule],
  controllers: [PagesController],
  providers: [PagesService, PagePreviews],
})
export class PagesModule {}
