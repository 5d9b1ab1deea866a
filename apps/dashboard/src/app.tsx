import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { createBrowserRouter, redirect } from 'react-router';
import { RouterProvider } from 'react-router/dom';
import { ApiError } from './api/http.js';
import { styleNonce } from './nonce.js';
import { PAGES } from './pages.js';
import { PageCrash, Shell } from './shell/shell.js';
import { NotFound } from './shell/not-found.js';
import { cssVariables, theme } from './theme.js';

const colorScheme = localStorageColorSchemeManager({ key: 'marquee-theme' });

function worthRetrying(failures: number, error: Error): boolean {
  const final = error instanceof ApiError && error.status >= 400 && error.status < 500;
  return !final && failures < 2;
}

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: worthRetrying, retryDelay: 600, staleTime: 2_000, refetchOnWindowFocus: true },
  },
});

const router = createBrowserRouter([
  {
    element: <Shell />,
    errorElement: <PageCrash />,
    // Nothing is rendered on the server, so there is nothing to keep while the first chunk loads.
    HydrateFallback: () => null,
    children: [
      { index: true, loader: () => redirect('/experiments') },
      ...PAGES.map((page) => ({
        path: page.path,
        errorElement: <PageCrash />,
        lazy: async () => ({ Component: await page.load() }),
      })),
      { path: '*', element: <NotFound /> },
    ],
  },
]);

export function App(): ReactElement {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
