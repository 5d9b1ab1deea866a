import { useMantineColorScheme } from '@mantine/core';
import type { MantineColorScheme } from '@mantine/core';
import type { ReactElement } from 'react';
import { Icon } from '../ui/icon.js';
import type { IconName } from '../ui/icon.js';
import styles from './theme-switch.module.css';

const CHOICES: readonly { value: MantineColorScheme; label: string; icon: IconName }[] = [
  { value: 'auto', label: 'System theme', icon: 'system' },
  { value: 'light', label: 'Light theme', icon: 'sun' },
  { value: 'dark', label: 'Dark theme', icon: 'moon' },
];

export function ThemeSwitch(): ReactElement {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <div className={styles.switch} role="group" aria-label="Theme">
      {CHOICES.map((choice) => (
        <button
          key={choice.value}
          type="button"
          className={styles.choice}
          aria-pressed={colorScheme === choice.value}
          aria-label={choice.label}
          title={choice.label}
          onClick={() => setColorScheme(choice.value)}
        >
          <Icon name={choice.icon} size={15} />
        </button>
      ))}
    </div>
  );
}
