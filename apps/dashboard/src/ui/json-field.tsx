import { Textarea } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useState } from 'react';
import type { Json } from '../api/types.js';

interface JsonFieldProps {
  label: ReactNode;
  description?: ReactNode;
  required?: boolean;
  error?: string | undefined;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  minRows?: number;
}

export function parseJson(
  text: string,
): { ok: true; value: Json | undefined } | { ok: false; message: string } {
  if (text.trim() === '') return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : 'Not valid JSON' };
  }
}

/** JSON as text: keeps what was typed while it isn't valid, and says what is wrong with it. */
export function JsonInputField({
  value,
  onChange,
  error,
  minRows = 2,
  ...rest
}: JsonFieldProps): ReactElement {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <Textarea
      {...rest}
      autosize
      minRows={minRows}
      maxRows={14}
      spellCheck={false}
      styles={{ input: { fontFamily: 'var(--mq-mono)', fontSize: 13 } }}
      value={text}
      error={problem ?? error}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        const parsed = parseJson(next);
        setProblem(parsed.ok ? null : `Not valid JSON: ${parsed.message}`);
        if (parsed.ok) onChange(parsed.value);
      }}
    />
  );
}
