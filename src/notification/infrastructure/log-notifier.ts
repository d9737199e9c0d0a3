import { Logger } from '@nestjs/common';
import { type Notification, Notifier } from '../application/notifier.port.js';

/** Notifications as lines of the log. */
export class LogNotifier extends Notifier {
  private readonly logger: Logger;

  constructor(
    context: string,
    private readonly level: 'error' | 'debug',
  ) {
    super();
    this.logger = new Logger(context);
  }

  override notify({ id, text, contents }: Notification): Promise<void> {
    this.logger[this.level]({ id, ...contents }, text);
    return Promise.resolve();
  }
}
