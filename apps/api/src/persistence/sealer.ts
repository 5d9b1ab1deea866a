import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';

const PREFIX = 'sealed:v1:';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FILE = 'secrets.key';

interface Key {
  /** Tells keys apart without telling anything of them. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** A sealed text that no key of this installation opens. */
export class SealedWithAnotherKey extends Error {
  constructor(id: string) {
    super(`It was encrypted with the key ${id}, which this process does not have; see MARQUEE_SECRETS_KEYS`);
  }
}

const keyOf = (text: string): Key => {
  const bytes = Buffer.from(text, 'base64');
  return { bytes, id: createHash('sha256').update('marquee.seal').update(bytes).digest('hex').slice(0, 12) };
};

/**
 * Encrypts what has to be stored and read back, such as the secrets that webhooks are signed with: AES-256-GCM with a random
 * nonce. The first key encrypts, all of them decrypt, so that keys can be changed. Without keys in the configuration the key
 * is a file of the state directory, which its owner alone may read; it is made when something is sealed for the first time.
 * Who has the database without the key learns nothing; who has both, or the running process, does.
 */
export class Sealer {
  constructor(private readonly config: Pick<Config, 'secretsKeys' | 'stateDir'>) {}

  /** @param belongsTo what the text is of: it opens for nothing else, so that sealed texts cannot be swapped. */
  seal(text: string, belongsTo: string): string {
    const key = this.keys()[0] ?? this.newKey();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(Buffer.from(belongsTo));
    const body = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${PREFIX}${key.id}:${body.toString('base64')}`;
  }

  /**
   * The text; one that was stored before there was a key comes back as it is.
   * @throws SealedWithAnotherKey; Error where it was altered, or sealed for something else.
   */
  open(sealed: string, belongsTo: string): string {
    if (!sealed.startsWith(PREFIX)) return sealed;
    const [id = '', text = ''] = sealed.slice(PREFIX.length).split(':');
    const key = this.keys().find((one) => one.id === id);
    if (!key) throw new SealedWithAnotherKey(id);
    const body = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, body.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(belongsTo)).setAuthTag(body.subarray(-TAG_BYTES));
    return (
      decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    );
  }

  /** Whether a stored text is sealed with the key that seals now. */
  isCurrent(sealed: string): boolean {
    const [key] = this.keys();
    return key !== undefined && sealed.startsWith(`${PREFIX}${key.id}:`);
  }

  private keys(): readonly Key[] {
    if (this.config.secretsKeys.length > 0) return this.config.secretsKeys.map(keyOf);
    const file = path.join(this.config.stateDir, FILE);
    return fs.existsSync(file) ? [keyOf(fs.readFileSync(file, 'utf8').trim())] : [];
  }

  /** By way of another name and a link, which fails where another process was first: its key is then the key. */
  private newKey(): Key {
    const { stateDir } = this.config;
    fs.mkdirSync(stateDir, { recursive: true });
    const file = path.join(stateDir, FILE);
    const draft = `${file}.${process.pid}`;
    fs.writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600 });
    try {
      fs.linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      fs.rmSync(draft);
    }
    return keyOf(fs.readFileSync(file, 'utf8').trim());
  }
}

export const SEALER = {
  provide: Sealer,
  useFactory: (config: Config) => new Sealer(config),
  inject: [CONFIG],
};
