import { verify } from "node:crypto";
import type { PublicKey } from "../../shared/base/brand.ts";
import { SIGNATURE_BYTES } from "../../shared/identity/keys.ts";
import { signedForms } from "../../shared/protocols/govpn/signature.ts";
import type { VerifyBytes } from "../adapters/crypto/sodium-ed25519.ts";
import { importKey } from "../adapters/ed25519.ts";
import type { Request } from "./request.ts";

/** A signature that held, or not; `tag` names it for the replay guard, `cost` is how many verifications it took. */
export type SignatureVerdict = ({ readonly ok: true; readonly tag: number } | { readonly ok: false }) & {
  readonly cost: number;
};

/** Checks who sent a request. `done` is called once, now or later; of one connection the order may change. */
export interface SignatureChecker {
  check(request: Request, done: (verdict: SignatureVerdict) => void): void;
}

/** One public key made ready, so that it is decoded once a connection. Calls `done` once, now or later. */
export type KeyCheck = (form: Uint8Array, signature: Uint8Array, done: (holds: boolean) => void) => void;
/** Undefined for a key that cannot be one. */
export type PrepareKey = (publicKey: PublicKey) => KeyCheck | undefined;

/** On the event loop. */
export function preparedFor(verifyBytes: VerifyBytes): PrepareKey {
  return (publicKey) => {
    const key = Buffer.from(publicKey, "base64");
    return (form, signature, done) => done(verifyBytes(signature, form, key));
  };
}

/** OpenSSL on the thread pool: slower than libsodium, so other cores take part where there are some. */
export const prepareForPool: PrepareKey = (publicKey) => {
  const key = importKey(publicKey);
  return (
    key &&
    ((form, signature, done) => verify(null, form, key, signature, (error, holds) => done(error === null && holds)))
  );
};

/** Checks one connection's signatures. */
export class ConnectionSignatures implements SignatureChecker {
  readonly #prepare: PrepareKey;
  #key: PublicKey | undefined;
  #prepared: KeyCheck | undefined;

  constructor(prepare: PrepareKey) {
    this.#prepare = prepare;
  }

  check(request: Request, done: (verdict: SignatureVerdict) => void): void {
    const signature = decodeSignature(request.message.signature);
    const holds = this.#checkOf(request.message.public_key);
    if (!signature || !holds) return done({ ok: false, cost: 0 });
    const forms = signedForms(request.received, request.text);
    let cost = 0;
    const next = () => {
      const form = forms.next();
      if (form.done) return done({ ok: false, cost });
      cost++;
      holds(form.value, signature, (isRight) => {
        if (isRight) done({ ok: true, tag: signature.readUIntBE(0, TAG_BYTES), cost });
        else next();
      });
    };
    next();
  }

  #checkOf(publicKey: PublicKey): KeyCheck | undefined {
    if (this.#key !== publicKey) {
      this.#key = publicKey;
      this.#prepared = this.#prepare(publicKey);
    }
    return this.#prepared;
  }
}

/** 48 bits of the signature's curve point: random for an honest signer, and a number that fits a double. */
const TAG_BYTES = 6;

/** Node's decoder takes much that is not base64, so what it read is written out again and compared. */
function decodeSignature(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.length === SIGNATURE_BYTES && bytes.toString("base64") === text ? bytes : undefined;
}
