/** A business "no": a value, never thrown. `code` is stable and part of the API; `message` is for people. */
export interface Refusal<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
  /** Numbers a client may want to show, such as `{ required: 900, balance: 500 }`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export type Result<Value, Failure extends Refusal = Refusal> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Failure };

export const ok = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({ ok: true, value });

export const refuse = <Code extends string>(
  code: Code,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): { readonly ok: false; readonly refusal: Refusal<Code> } => ({
  ok: false,
  refusal: details ? { code, message, details } : { code, message },
});
