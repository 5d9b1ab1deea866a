import '@mantine/core/styles.css';
import './tokens.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { announceNonce } from './nonce.js';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
announceNonce();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
