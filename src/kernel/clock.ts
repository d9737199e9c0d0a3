/**
 * The time of decisions, passed in so that tests and simulations can turn it.
 * Statements use the database's own clock instead: machines disagree, and no clock decides safety.
 */
export abstract class Clock {
  abstract now(): Date;
}

export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}
