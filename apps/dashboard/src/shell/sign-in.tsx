import { Button, PasswordInput, Stack, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { FormEvent, ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { signIn, useSession } from '../api/session.js';
import styles from './sign-in.module.css';

/** Asks for an API key; it is kept for this tab only and sent to this origin only. */
export function SignIn(): ReactElement {
  const [key, setKey] = useState('');
  const [checking, setChecking] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const client = useQueryClient();
  const hadKey = useSession().key !== null;
  useEffect(() => {
    document.title = 'Sign in · Marquee';
  }, []);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecking(true);
    const problem = await refusal(key.trim());
    setChecking(false);
    setError(problem);
    if (problem !== null) return;
    client.clear();
    signIn(key.trim());
  };

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={(event) => void submit(event)}>
        <Stack gap="md">
          <div>
            <Title order={1}>Sign in to Marquee</Title>
            <p className={styles.text}>
              {hadKey ? 'The key of this tab is no longer accepted. ' : ''}
              Use an API key with the secret role to read, or the admin role to change things. It is forgotten
              when you close this tab.
            </p>
          </div>
          <PasswordInput
            label="API key"
            required
            autoComplete="off"
            value={key}
            error={error}
            onChange={(event) => setKey(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key' }}
          />
          <Button type="submit" loading={checking} disabled={key.trim() === ''}>
            Sign in
          </Button>
        </Stack>
      </form>
    </main>
  );
}

/** Tries the key on a read; null where it is accepted. */
async function refusal(key: string): Promise<string | null> {
  try {
    const response = await fetch('/v1/experiments?limit=1', { headers: { authorization: `Bearer ${key}` } });
    if (response.ok) return null;
    if (response.status === 401) return 'The API does not know this key, or it was revoked.';
    if (response.status === 403)
      return 'This is a publishable key. The dashboard needs a secret or admin key.';
    return `The API answered ${response.status}. Try again in a moment.`;
  } catch {
    return 'The API does not answer. Try again in a moment.';
  }
}
