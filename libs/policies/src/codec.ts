import { DomainError } from '#experiments';
import type { Json } from '#experiments';

/** Packs doubles into base64 (little-endian IEEE 754), bit for bit. */
export function encodeFloats(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** @throws DomainError `invalid_state` when the text is not a whole number of doubles. */
export function decodeFloats(text: string): Float64Array {
  return new Float64Array(bytesOf(text, Float64Array.BYTES_PER_ELEMENT));
}

/** Packs single-precision floats into base64: half the size, for factors whose noise is far above 1e-7. */
export function encodeFloats32(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** @throws DomainError `invalid_state` when the text is not a whole number of floats. */
export function decodeFloats32(text: string): Float32Array {
  return new Float32Array(bytesOf(text, Float32Array.BYTES_PER_ELEMENT));
}

/** Packs whole numbers below 2^32 into base64. */
export function encodeUints32(values: Uint32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** @throws DomainError `invalid_state` when the text is not a whole number of them. */
export function decodeUints32(text: string): Uint32Array {
  return new Uint32Array(bytesOf(text, Uint32Array.BYTES_PER_ELEMENT));
}

/** Packs whole numbers from -32768 to 32767 into base64. */
export function encodeInts16(values: Int16Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** @throws DomainError `invalid_state` when the text is not a whole number of them. */
export function decodeInts16(text: string): Int16Array {
  return new Int16Array(bytesOf(text, Int16Array.BYTES_PER_ELEMENT));
}

function bytesOf(text: string, size: number): ArrayBuffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.byteLength % size !== 0) {
    throw new DomainError(
      'invalid_state',
      `an array of ${bytes.byteLength} bytes is not a multiple of ${size}`,
    );
  }
  // A copy, because Buffer.from may hand out a slice of a shared pool at an odd offset.
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}

/** Reads an object from a stored state. @throws DomainError `invalid_state`. */
export function stateObject(json: Json): Readonly<Record<string, Json>> {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new DomainError('invalid_state', 'the stored state is not an object');
  }
  return json as Readonly<Record<string, Json>>;
}

/** @throws DomainError `invalid_state`. */
export function stateNumber(json: Json | undefined, field: string): number {
  if (typeof json !== 'number' || !Number.isFinite(json)) {
    throw new DomainError('invalid_state', `the stored state's ${field} is not a finite number`, `/${field}`);
  }
  return json;
}

/** @throws DomainError `invalid_state`. */
export function stateText(json: Json | undefined, field: string): string {
  if (typeof json !== 'string') {
    throw new DomainError('invalid_state', `the stored state's ${field} is not a text`, `/${field}`);
  }
  return json;
}

/** @throws DomainError `invalid_state`. */
export function stateTexts(json: Json | undefined, field: string): string[] {
  if (!Array.isArray(json)) {
    throw new DomainError('invalid_state', `the stored state's ${field} is not a list`, `/${field}`);
  }
  return json.map((item: Json) => stateText(item, field));
}
