import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';

const known = new WeakMap<NestFastifyApplication, OpenAPIObject>();

/** Of an application, built when it is asked for first: some tenths of a second of nothing else. */
export function documentOf(app: NestFastifyApplication): OpenAPIObject {
  const document = known.get(app) ?? buildDocument(app);
  known.set(app, document);
  return document;
}

function buildDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Marquee')
    .setDescription(
      'Experiments, bandits and recommenders as one service. Errors are RFC 9457 problem documents.',
    )
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'An API key: publishable, secret or admin' },
      'key',
    )
    .addSecurityRequirements('key');
  return SwaggerModule.createDocument(app, builder.build());
}

/** Serves /openapi.json and a browsable /docs. */
export function serveDocumentation(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => documentOf(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Marquee API',
  });
}
