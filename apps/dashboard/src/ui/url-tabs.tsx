import { Tabs } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useLocation, useNavigate } from 'react-router';
import styles from './url-tabs.module.css';

export interface TabEntry {
  /** Last part of the address; empty for the first tab. */
  key: string;
  title: string;
  render: () => ReactNode;
}

interface UrlTabsProps {
  /** Address of the first tab, e.g. `/experiments/home-rows`. */
  base: string;
  label: string;
  current: string;
  tabs: readonly TabEntry[];
}

/** Tabs whose choice is part of the address; query parameters are kept when it changes. */
export function UrlTabs({ base, label, current, tabs }: UrlTabsProps): ReactElement {
  const navigate = useNavigate();
  const { search } = useLocation();
  const active = tabs.find((tab) => tab.key === current) ?? tabs[0];
  return (
    <Tabs
      value={active?.key || 'first'}
      onChange={(key) => void navigate(`${base}${key === 'first' ? '' : `/${key ?? ''}`}${search}`)}
      keepMounted={false}
      classNames={{ list: styles.list ?? '', tab: styles.tab ?? '' }}
    >
      <Tabs.List aria-label={label}>
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.key} value={tab.key || 'first'}>
            {tab.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map((tab) => (
        <Tabs.Panel key={tab.key} value={tab.key || 'first'} className={styles.panel}>
          {tab === active ? tab.render() : null}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
