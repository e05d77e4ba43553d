// @ts-check
/**
 * `npm run sbom [-- --stdout]`: a bill of materials of the product (CycloneDX, JSON) in dist/govpn-desktop.cdx.json, or on
 * standard output. npm makes it from the lock file, so nothing need be installed; what only developers use is taken out.
 */
import { join } from "node:path";
import { dist } from "./bundle.mjs";
import { spdxOf } from "./licences.mjs";
import { lockedPackages, lockedProduct, nameOf } from "./package-notices.mjs";
import { askNpm, exitOnSetupError, SetupError, writeWithFolders } from "./setup.mjs";

/**
 * The parts of CycloneDX 1.5 that are looked at here.
 * @typedef {object} Component
 * @property {string} bom-ref
 * @property {string} name
 * @property {string} [scope]
 * @property {{name: string, value: string}[]} [properties]
 * @property {object[]} [licenses]
 */
/**
 * @typedef {object} Bom
 * @property {{component: Record<string, unknown>}} metadata
 * @property {Component[]} components
 * @property {{ref: string, dependsOn: string[]}[]} dependencies
 */

/** Its binary is around the app; the package, which only downloads it, brings nothing of its own into the product. */
const SHELL = "node_modules/electron";

/** npm marks what package.json has among its devDependencies, which here says who bundles a package, not who needs it. */
const DEVELOPMENT = "cdx:npm:package:development";

/** What the product is made of: the production dependencies on every system, what the page has taken in, and Electron. */
function contents() {
  const locked = lockedPackages();
  /** @type {Map<string, {name: string, licence: string | undefined}>} by npm's name for it, "name@version" */
  const found = new Map();
  for (const path of [...lockedProduct(), SHELL]) {
    const { name = nameOf(path), version, license } = locked[path] ?? {};
    found.set(`${name}@${version}`, { name, licence: license });
  }
  return found;
}

/**
 * @param {Bom} bom of everything, as npm makes it
 * @returns {Bom} of the product
 */
function ofProduct(bom) {
  const wanted = contents();
  const components = bom.components.flatMap((component) => {
    const known = wanted.get(component["bom-ref"]);
    if (!known) return [];
    // npm leaves out a licence whose identifier it does not know.
    const licenses = component.licenses ?? [{ license: { id: spdxOf(known.name, known.licence) } }];
    const properties = component.properties?.filter(({ name }) => name !== DEVELOPMENT) ?? [];
    return [{ ...component, scope: "required", properties, licenses }];
  });
  const missing = [...wanted.keys()].filter((ref) => !components.some((component) => component["bom-ref"] === ref));
  if (missing.length > 0) throw new SetupError(`npm's list lacks ${missing.join(", ")}`);
  const { component } = bom.metadata;
  const dependencies = bom.dependencies
    .filter(({ ref }) => wanted.has(ref) || ref === component["bom-ref"])
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => wanted.has(each)) }));
  const product = { ...component, type: "application", name: "govpn-desktop" };
  return { ...bom, metadata: { ...bom.metadata, component: product }, components, dependencies };
}

/** @param {readonly string[]} args */
async function main(args) {
  const printed = await askNpm(["sbom", "--sbom-format=cyclonedx", "--package-lock-only"]);
  if (!printed.trimStart().startsWith("{"))
    throw new SetupError("npm made no bill of materials: its own words are above");
  const bom = ofProduct(JSON.parse(printed));
  const text = `${JSON.stringify(bom, undefined, 2)}\n`;
  if (args.includes("--stdout")) return void process.stdout.write(text);
  const file = join(dist, "govpn-desktop.cdx.json");
  writeWithFolders(file, text);
  console.log(`dist/govpn-desktop.cdx.json: ${bom.components.length} packages, each with its licence and checksum`);
}

main(process.argv.slice(2)).catch(exitOnSetupError);
