/** What whoever called a command can mend, in one line. */
export class WrongOption extends Error {
  override readonly name = 'WrongOption';
}

/** @throws WrongOption where `parse` (a call of `parseArgs`) throws. */
export function orWrongOption<Parsed>(parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    throw new WrongOption((error as Error).message, { cause: error });
  }
}

/** A whole number from 1 to `max`. */
export function within(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new WrongOption(`--${name} must be a whole number from 1 to ${max}, not ${text}`);
}
