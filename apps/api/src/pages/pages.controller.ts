import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  UseInterceptors,
} from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import { keyField } from '../http/fields.js';
import { Problem } from '../http/problem.js';
import { toOpenApi } from '../serving/openapi-schema.js';
import type { ServedPage } from '../serving/serve-page.js';
import { TreatmentService } from '../serving/treatment-service.js';
import { parseTreatments } from '../serving/treatments.validator.js';
import { pageSchema, previewPageSchema, servePageSchema } from './page.schemas.js';
import type { PageBody, PreviewPageBody } from './page.schemas.js';
import { PagePreviews } from './page-previews.js';
import { PagesService } from './pages.service.js';

@ApiTags('pages')
@Controller('v1/pages')
@UseInterceptors(EtagInterceptor)
export class PagesController {
  constructor(
    @Inject(PagesService) private readonly pages: PagesService,
    @Inject(PagePreviews) private readonly previews: PagePreviews,
    @Inject(TreatmentService) private readonly treatments: TreatmentService,
  ) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'All pages' })
  async list() {
    return { items: await this.pages.list(), nextCursor: null };
  }

  @Get(':key')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One page, with its revision as ETag' })
  get(@Param('key') key: string) {
    return this.pages.get(key);
  }

  @Put(':key')
  @ApiOperation({
    summary:
      'Add or replace a page, with If-Match if you like: which rows, titles and artwork, and what is pinned',
  })
  put(@Param('key') key: string, @Body({ schema: pageSchema }) body: PageBody, @Acting() acting: Acting) {
    if (!keyField.safeParse(key).success)
      throw Problem.invalid(
        '/key',
        'invalid_key',
        'must be 1 to 100 letters, digits, dots, underscores or hyphens',
      );
    return this.pages.put(key, body, acting);
  }

  @Delete(':key')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a page; decisions that were made for it stay' })
  remove(@Param('key') key: string, @Acting() acting: Acting): Promise<void> {
    return this.pages.remove(key, acting);
  }

  @Post(':key/serve')
  @HttpCode(200)
  @AllowRole('publishable')
  @ApiOperation({ summary: 'A whole page for a unit: rows in order, titles in each, artwork, and why' })
  @ApiBody({ schema: toOpenApi(servePageSchema) })
  async serve(@Param('key') key: string, @Body() body: unknown): Promise<ServedPage> {
    const given = typeof body === 'object' && body !== null ? body : {};
    const { requests: _requests, ...request } = parseTreatments({ ...given, requests: NO_QUESTION });
    const page = await this.treatments.servePage(key, request);
    if (page === null) throw Problem.notFound('Page', key);
    return page;
  }

  @Post(':key/preview')
  @HttpCode(200)
  @ApiOperation({
    summary: 'The page as a member would get it at some moment, one way beside another; records no decision',
  })
  preview(
    @Param('key') key: string,
    @Body({ schema: previewPageSchema }) body: PreviewPageBody,
    @Acting() acting: Acting,
  ) {
    return this.previews.preview(key, body, acting);
  }
}

/** The page says what is asked; the rest of the body follows the rules of `POST /v1/treatments`. */
const NO_QUESTION = [{ surface: 'page' }];
