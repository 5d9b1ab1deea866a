import { Injectable } from '@nestjs/common';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import type { ZodError, ZodType } from 'zod';
import { Problem } from './problem.js';
import type { FieldError } from './problem.js';

/** Validates @Body/@Query/@Param({ schema }) with zod and answers every fault with its JSON pointer. */
@Injectable()
export class ZodPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const schema = metadata.schema as ZodType | undefined;
    if (!schema || typeof schema.safeParse !== 'function') return value;
    const result = schema.safeParse(value ?? {});
    if (result.success) return result.data;
    throw problemOfZod(result.error);
  }
}

const MOST_ERRORS = 20;

export function problemOfZod(error: ZodError): Problem {
  const errors: FieldError[] = [];
  for (const issue of error.issues.slice(0, MOST_ERRORS)) {
    const base = `/${issue.path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys.slice(0, MOST_ERRORS)) {
        errors.push({
          pointer: `${base === '/' ? '' : base}/${key.slice(0, 128)}`,
          code: 'unknown_field',
          message: 'this field is not known here',
        });
      }
    } else {
      errors.push({ pointer: base, code: issue.code, message: issue.message });
    }
  }
  const first = errors[0];
  const code = first?.code === 'unknown_field' ? 'unknown_field' : 'invalid_request';
  return new Problem(
    400,
    code,
    first ? `${first.pointer}: ${first.message}` : 'The request is not valid',
    errors,
  );
}
