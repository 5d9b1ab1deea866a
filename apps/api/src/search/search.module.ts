import { Module } from '@nestjs/common';
import { SearchController } from './search.controller.js';
import { TrySearch } from './try-search.js';

@Module({ controllers: [SearchController], providers: [TrySearch] })
export class SearchModule {}
