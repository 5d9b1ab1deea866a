/** A failure in the language of the domain: `code` is stable and machine-readable, `message` a sentence. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  constructor(
    readonly code: string,
    message: string,
    /** JSON pointer of the offending field, where there is one. */
    readonly pointer?: string,
  ) {
    super(message);
  }
}
