import { type LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, pino } from 'pino';

const SECRETS = ['authorization', 'password', 'accessToken', 'refreshToken', 'token', 'secret', 'cookie'];

/** JSON lines on standard output, without secrets wherever they hide up to three levels deep. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const redact = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options = { level, base: null, redact: { paths: redact, censor: '[secret]' } };
  return destination ? pino(options, destination) : pino(options);
}

/** What Nest tells about itself at every start: a page of lines that nobody asked for. */
const NEST_ITSELF = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

/**
 * Lets `new Logger('payments')` of Nest write through pino: `log.warn({ err, orderId }, 'text')` or `log.log('text')`.
 * In place of nestjs-pino, which makes a child logger for every request; here a request that succeeds logs nothing.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(NEST_ITSELF.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest hands over the context last; before it may stand a text, or the stack of an error that came as a text. */
  private write(level: 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal', message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    const extra = rest.slice(0, -1).find((each) => typeof each === 'string');
    if (message instanceof Error) this.logger[level]({ context, err: message }, extra);
    else if (typeof message === 'object' && message !== null) this.logger[level]({ context, ...message }, extra);
    else this.logger[level]({ context, ...(extra !== undefined && { stack: extra }) }, String(message));
  }
}
