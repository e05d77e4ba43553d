/** What we call of sodium-native, which brings no types for this version. Lengths that are wrong throw. */
declare module "sodium-native" {
  const sodium: {
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  };
  export default sodium;
}
