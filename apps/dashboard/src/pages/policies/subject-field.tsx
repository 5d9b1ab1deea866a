import { TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';

/** Actions of one subject only, e.g. the images of one title. */
export function SubjectField({
  subject,
  setSubject,
}: {
  subject: string;
  setSubject: (subject: string | null) => void;
}): ReactElement {
  const [text, setText] = useState(subject);
  const apply = (event: FormEvent): void => {
    event.preventDefault();
    setSubject(text.trim() || null);
  };
  return (
    <form onSubmit={apply} onBlur={apply}>
      <TextInput
        aria-label="Subject"
        placeholder="All subjects"
        size="xs"
        w={160}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}
