/**
 * A failure as a value: a machine-readable code and what is needed to turn it into words.
 * The words are made in one place per surface (CLI, UI), never here.
 */
export interface Failure<Code extends string = string> {
  readonly code: Code;
  /** A plain sentence for logs. It never contains a secret. */
  readonly message: string;
}

export type Result<T, F extends Failure = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: F };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function fail<Code extends string>(
  code: Code,
  message: string,
): { readonly ok: false; readonly error: Failure<Code> } {
  return { ok: false, error: { code, message } };
}

/** An Error that carries a Failure, for the places where only a throw or a rejected promise can travel. */
export class FailureError extends Error {
  readonly code: string;
  constructor(failure: Failure) {
    super(failure.message);
    this.name = "FailureError";
    this.code = failure.code;
  }
}

/** The sentence of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Makes the compiler refuse a switch that forgot a case; throws if untyped data gets there all the same. */
export function missingCase(value: never): never {
  throw new Error(`missing case: ${JSON.stringify(value)}`);
}
