// @ts-check
/**
 * Which licences a package may have here, the product's and the developers' alike: those that ask for nothing but a
 * notice, or, for the weak copyleft of MPL, nothing of a program that only uses it.
 */

/** Identifiers of the SPDX list, each with what it asks for where that is not plain. */
const ALLOWED = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Unlicense",
  // Of argparse: permissive, as Python's own.
  "Python-2.0",
  // "Do what you want": no condition at all.
  "WTFPL",
  // Changed files of the package itself stay open; a program that uses them may have any licence.
  "MPL-2.0",
  // Fonts: may be bundled with any program, not sold by themselves.
  "OFL-1.1",
]);

/** What a package calls its licence, where that is no SPDX identifier, by the package's name. */
const MISNAMED = /** @type {const} */ ([
  { package: /^(@node-datachannel\/.*|node-datachannel)$/, written: "MPL 2.0", spdx: "MPL-2.0" },
]);

/** Packages that may stay although their licence is not on the list: none. A new one is named here with its reason. */
/** @type {ReadonlyMap<string, string>} */
export const EXCEPTIONS = new Map();

/**
 * A package's licence as an SPDX expression.
 * @param {string} name the package's
 * @param {string | undefined} written as its manifest has it
 */
export function spdxOf(name, written = "") {
  return MISNAMED.find((each) => each.package.test(name) && each.written === written)?.spdx ?? written;
}

/**
 * Whether the expression can be met by licences of the list: of "A OR B" one is enough, of "A AND B" both count.
 * @param {string} expression of SPDX 2.3, annex D
 */
export function isAllowed(expression) {
  const words = expression.match(/[()]|[^\s()]+/g) ?? [];
  const take = () => words.shift() ?? "";
  const either = () => {
    let holds = both();
    while (words[0] === "OR") holds = [take() && both(), holds].includes(true);
    return holds;
  };
  const both = () => {
    let holds = one();
    while (words[0] === "AND") holds = ![take() && one(), holds].includes(false);
    return holds;
  };
  /** @type {() => boolean} */
  const one = () => {
    const word = take();
    if (word !== "(") return ALLOWED.has(word);
    const holds = either();
    return take() === ")" && holds;
  };
  const holds = either();
  // What is left over was not understood: an exception ("WITH …"), or no expression at all.
  return holds && words.length === 0;
}

/**
 * @param {string} name the package's
 * @param {string | undefined} written its licence as its manifest has it
 */
export function mayStay(name, written) {
  return EXCEPTIONS.has(name) || isAllowed(spdxOf(name, written));
}
