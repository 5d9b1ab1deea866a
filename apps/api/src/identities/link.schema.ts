import { z } from 'zod';
import { keyField, textField } from '../http/fields.js';
import { looksPersonal } from '../http/unit-id.js';

export const unitIdField = textField(128)
  .min(1)
  .refine(
    (id) => !looksPersonal(id),
    'looks like an e-mail address or a phone number; send a pseudonymous id',
  );

/** An anonymous unit and the one that it became. */
export const linkSchema = z
  .strictObject({ unitId: unitIdField, anonymousId: unitIdField, unitType: keyField.default('member') })
  .refine(({ unitId, anonymousId }) => unitId !== anonymousId, {
    path: ['anonymousId'],
    message: 'must be another id than unitId',
  });
