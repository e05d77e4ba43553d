/** A room's PIN: what the protocol asks for. */
export const PIN_LENGTH = 4;
const PIN = /^\d{4}$/;

export function isPin(text: string): boolean {
  return PIN.test(text);
}

/** Four digits, none more likely than another. */
export function newPin(): string {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
  // 2^32 is no multiple of 10 000; the bias is one in four hundred thousand, far below what a PIN could notice.
  return String(value % 10_000).padStart(PIN_LENGTH, "0");
}

/** What of a typed or pasted text can be a PIN. */
export function pinDigits(text: string): string {
  return text.replace(/\D/g, "").slice(0, PIN_LENGTH);
}
