import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Overloaded } from '../../kernel/faults.js';
import { PasswordHasher } from '../application/password-hasher.port.js';

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. About 40 ms of one core. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const PARALLELISM = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 32;

const LIMITS = {
  /** Half of Node's four worker threads; files and name look-ups need some too. */
  atOnceMax: 2,
  /** About five seconds of work: beyond it people have gone away. */
  waitingMax: 256,
};

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/;

const derive = promisify(argon2);

/** Hashes in PHC form, so that the parameters can be raised without losing old passwords. */
export class Argon2PasswordHasher extends PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private nobodysHash: Promise<string> | undefined;

  constructor(private readonly limits = LIMITS) {
    super();
  }

  override async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const tag = await this.derive(password, {
      memory: MEMORY_KIB,
      passes: PASSES,
      parallelism: PARALLELISM,
      nonce: salt,
      tagLength: TAG_BYTES,
    });
    return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${PARALLELISM}$${unpadded(salt)}$${unpadded(tag)}`;
  }

  override async verify(password: string, hash: string | null): Promise<boolean> {
    const [, memory, passes, parallelism, salt, tag] = PHC.exec(hash ?? (await this.hashOfNobody())) ?? [];
    if (salt === undefined || tag === undefined) throw new Error('a stored password hash is not readable');
    const expected = Buffer.from(tag, 'base64');
    const actual = await this.derive(password, {
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
      nonce: Buffer.from(salt, 'base64'),
      tagLength: expected.length,
    });
    return timingSafeEqual(actual, expected) && hash !== null;
  }

  /** A password that nobody knows. Made once; a failure (overload) is not kept. */
  private hashOfNobody(): Promise<string> {
    this.nobodysHash ??= this.hash(randomBytes(SALT_BYTES).toString('hex')).catch((fault: unknown) => {
      this.nobodysHash = undefined;
      throw fault;
    });
    return this.nobodysHash;
  }

  private async derive(password: string, parameters: Omit<Parameters<typeof argon2>[1], 'message'>): Promise<Buffer> {
    await this.turn();
    try {
      // One password can be typed in several sequences of code points.
      return await derive('argon2id', { message: password.normalize('NFKC'), ...parameters });
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  /** Resolves when it is this caller's turn; the place is handed on by whoever finishes. */
  private async turn(): Promise<void> {
    if (this.running < this.limits.atOnceMax) {
      this.running++;
      return;
    }
    if (this.waiting.length >= this.limits.waitingMax) throw new Overloaded('user.password-hashing', 5);
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
