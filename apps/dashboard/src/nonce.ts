/** The server writes a fresh nonce into the page; styles made at run time carry it (see server.mjs). */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

/**
 * Open dialogs lock scrolling by a style element of react-remove-scroll, which takes its nonce from this global
 * name, whatever the bundler.
 */
export function announceNonce(): void {
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
}
