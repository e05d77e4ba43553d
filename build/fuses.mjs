// @ts-check
/**
 * Electron's fuses: switches in the program's own file, set when it is packaged and never again. By electron-builder's
 * names (`electronFuses`), which sets them before the file is signed.
 */
export const fuses = Object.freeze({
  // ELECTRON_RUN_AS_NODE would make the signed program run anybody's script.
  runAsNode: false,
  // So would NODE_OPTIONS=--require, and --inspect would open a debugger's port.
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  // The app's files are what was packaged: checked against a hash, and loaded from nowhere else.
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  // There are no cookies; if a dependency of Chromium's ever kept some, they would lie encrypted.
  enableCookieEncryption: true,
  // file: has no powers beyond a browser's; the page comes by app:.
  grantFileProtocolExtraPrivileges: false,
});
