import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { PublicKey } from "../../shared/base/brand.ts";
import { SIGNATURE_BYTES, type VerifySignature } from "../../shared/identity/keys.ts";
import { signedForms } from "../../shared/protocols/govpn/signature.ts";
import type { Request } from "./request.ts";

/** Ed25519 by OpenSSL, on the calling thread. */
export const nativeVerify: VerifySignature = (publicKey, message, signature) => {
  const key = importKey(publicKey);
  return key !== undefined && signature.length === SIGNATURE_BYTES && verify(null, message, key, signature);
};

/** A signature that held, or why it did not; `tag` names it for the replay guard. */
export type SignatureVerdict = { readonly ok: true; readonly tag: number } | { readonly ok: false };

/** Checks who sent a request. `done` is called once, now or later; of one connection the order may change. */
export interface SignatureChecker {
  check(request: Request, done: (verdict: SignatureVerdict) => void): void;
}

/**
 * Checks one connection's signatures on the thread pool, so that the event loop stays free while a core is busy with
 * curve arithmetic. The connection's key is imported once.
 */
export class PoolSignatureChecker implements SignatureChecker {
  #key: PublicKey | undefined;
  #imported: KeyObject | undefined;

  check(request: Request, done: (verdict: SignatureVerdict) => void): void {
    const signature = decodeSignature(request.message.signature);
    const key = this.#keyObject(request.message.public_key);
    if (!signature || !key) return done({ ok: false });
    const forms = signedForms(request.received, request.text);
    const next = () => {
      const form = forms.next();
      if (form.done) return done({ ok: false });
      verify(null, form.value, key, signature, (error, holds) => {
        if (!error && holds) done({ ok: true, tag: signature.readUIntBE(0, TAG_BYTES) });
        else next();
      });
    };
    next();
  }

  #keyObject(publicKey: PublicKey): KeyObject | undefined {
    if (this.#key !== publicKey) {
      this.#key = publicKey;
      this.#imported = importKey(publicKey);
    }
    return this.#imported;
  }
}

/** 48 bits of the signature's curve point: random for an honest signer, and a number that fits a double. */
const TAG_BYTES = 6;

/** Node's decoder takes much that is not base64, so what it read is written out again and compared. */
function decodeSignature(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.length === SIGNATURE_BYTES && bytes.toString("base64") === text ? bytes : undefined;
}

function importKey(publicKey: PublicKey): KeyObject | undefined {
  try {
    const x = Buffer.from(publicKey, "base64").toString("base64url");
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  } catch {
    return undefined;
  }
}
