/** Hashing is slow and heavy on purpose, so it is bounded: what does not fit is refused with `Overloaded`. */
export abstract class PasswordHasher {
  abstract hash(password: string): Promise<string>;

  /** Takes as long for nobody's password (null) as for somebody's, so that the time does not tell which addresses exist. */
  abstract verify(password: string, hash: string | null): Promise<boolean>;
}
