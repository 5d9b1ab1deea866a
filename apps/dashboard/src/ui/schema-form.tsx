import { NumberInput, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Json, JsonSchema } from '../api/types.js';
import { humanise, json } from '../format/index.js';
import { JsonInputField } from './json-field.js';

type Values = Record<string, Json>;

interface SchemaFormProps {
  schema: JsonSchema | undefined;
  values: Values;
  onChange: (values: Values) => void;
  /** Message per field name. */
  errors?: Readonly<Record<string, string>>;
}

/** A field that may also be null is the field that may be left empty. */
function plainField(field: JsonSchema): { field: JsonSchema; nullable: boolean } {
  const branches = field.anyOf ?? [];
  const [only, ...others] = branches.filter((branch) => branch.type !== 'null');
  if (only === undefined || others.length > 0) return { field, nullable: false };
  const { anyOf: _anyOf, ...rest } = field;
  return { field: { ...only, ...rest }, nullable: branches.length > 1 };
}

/** A form drawn from the JSON schema of a registered object's parameters. */
export function SchemaForm({ schema, values, onChange, errors = {} }: SchemaFormProps): ReactElement | null {
  const fields = Object.entries(schema?.properties ?? {});
  if (fields.length === 0) return null;
  return (
    <Stack gap="sm">
      {fields.map(([name, field]) => (
        <SchemaField
          key={name}
          name={name}
          field={plainField(field).field}
          required={schema?.required?.includes(name) === true && field.default === undefined}
          value={values[name]}
          error={errors[name]}
          onChange={(value) =>
            onChange(
              withValue(values, name, value === undefined && plainField(field).nullable ? null : value),
            )
          }
        />
      ))}
    </Stack>
  );
}

function withValue(values: Values, name: string, value: Json | undefined): Values {
  if (value !== undefined) return { ...values, [name]: value };
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));
}

interface SchemaFieldProps {
  name: string;
  field: JsonSchema;
  required: boolean;
  value: Json | undefined;
  error: string | undefined;
  onChange: (value: Json | undefined) => void;
}

/** Which control fits a field. */
function controlOf(field: JsonSchema): 'choice' | 'switch' | 'number' | 'list' | 'text' | 'json' {
  const type = Array.isArray(field.type) ? field.type.find((entry) => entry !== 'null') : field.type;
  if (field.enum !== undefined) return 'choice';
  if (type === 'boolean') return 'switch';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'array' && (field.items?.type === 'string' || field.items?.type === 'number')) return 'list';
  return type === 'string' ? 'text' : 'json';
}

function SchemaField({ name, field, required, value, error, onChange }: SchemaFieldProps): ReactElement {
  const common = {
    label: field.title ?? humanise(name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()),
    description: field.description,
    required,
    error,
  };
  switch (controlOf(field)) {
    case 'choice': {
      const choices = field.enum ?? [];
      return (
        <Select
          {...common}
          data={choices.map((entry) => json(entry))}
          value={json(value ?? null)}
          onChange={(next) => onChange(choices.find((entry) => json(entry) === next))}
        />
      );
    }
    case 'switch':
      return (
        <Switch
          label={common.label}
          description={common.description}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'number':
      return <NumberField common={common} field={field} value={value} onChange={onChange} />;
    case 'list':
      return <ListField common={common} field={field} value={value} onChange={onChange} />;
    case 'text':
      return (
        <TextInput
          {...common}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value || undefined)}
        />
      );
    case 'json':
      return <JsonInputField {...common} value={value} onChange={onChange} />;
  }
}

interface PartProps {
  common: { label: string; description: string | undefined; required: boolean; error: string | undefined };
  field: JsonSchema;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

/** zod writes integers with the safe range as bounds; those say nothing to a reader. */
function bound(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
}

function ListField({ common, field, value, onChange }: PartProps): ReactElement {
  const numeric = field.items?.type === 'number';
  const tags = Array.isArray(value) ? value.map((entry) => json(entry)) : [];
  const change = (next: string[]): void =>
    onChange(numeric ? next.map(Number).filter(Number.isFinite) : next);
  return <TagsInput {...common} value={tags} onChange={change} />;
}

function NumberField({ common, field, value, onChange }: PartProps): ReactElement {
  const integer = field.type === 'integer';
  const min = bound(field.minimum ?? field.exclusiveMinimum);
  const max = bound(field.maximum ?? field.exclusiveMaximum);
  return (
    <NumberInput
      {...common}
      value={typeof value === 'number' ? value : ''}
      onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
      allowDecimal={!integer}
      step={integer ? 1 : 0.05}
      {...(min === undefined ? {} : { min })}
      {...(max === undefined ? {} : { max })}
    />
  );
}
