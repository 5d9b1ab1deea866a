import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';

export function buildDocument(app: NestFastifyApplication): OpenAPIObject {
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
export async function serveDocumentation(app: NestFastifyApplication): Promise<void> {
  const document = buildDocument(app);
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Marquee API',
  });
}
