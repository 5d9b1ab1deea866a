import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const api = process.env['MARQUEE_API_URL'] ?? 'http://127.0.0.1:4000';

// Vite reads its configuration from a default export.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // data: URLs are not allowed by the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/v1', '/ofrep', '/api', '/sub', '/openapi.json', '/docs', '/health'].map((path) => [path, api]),
    ),
  },
});
