// @ts-check
/**
 * Draws every icon of the product from build/icons/source/app.svg and from the tray's marks below, which are one drawing
 * in four states and three inks: `node build/icons/make.mjs`. Needs rsvg-convert (Debian: librsvg2-bin); what it makes
 * is committed, so only whoever changes an icon needs it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { icns, ico } from "./containers.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** What desktops look for in a theme; the largest is what other formats are made of. */
export const APP_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
/** What Explorer and the task bar show, at any scaling. */
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256];
/** Pixels that stand for one in the panel: macOS wants 16 points, Linux panels are 22 to 24 pixels high. */
const TRAY_SIZES = { template: 16, panel: 24 };
const TRAY_ICO_SIZES = [16, 20, 24, 32, 48];

export const STATES = /** @type {const} */ (["disconnected", "connecting", "connected", "problem"]);

/** @typedef {{ink: string, live: string, bad: string, onBad: string}} Ink The colours for one kind of panel. */
/** @type {Record<"light" | "dark" | "Template", Ink>} */
export const INKS = {
  light: { ink: "#1b1d22", live: "#08915b", bad: "#d32f2f", onBad: "#fff" },
  dark: { ink: "#fff", live: "#34d399", bad: "#ff6b6b", onBad: "#1b1d22" },
  // macOS looks at the opacity alone.
  Template: { ink: "#000", live: "#000", bad: "#000", onBad: "none" },
};

const TOP = [12, 6];
const LEFT = [5, 18];
const RIGHT = [19, 18];

/**
 * The mark: three members and the links between them. Hollow is not there, filled is there, and a faint line is a link
 * that does not carry anything yet. The exclamation mark tells a problem without any colour.
 * @param {typeof STATES[number]} state
 * @param {Ink} ink
 */
export function traySvg(state, { ink, live, bad, onBad }) {
  const isLinked = state === "connected";
  const lines = `<path d="M${TOP}L${LEFT}L${RIGHT}Z" fill="none" stroke="${ink}" stroke-width="2" stroke-opacity="${isLinked ? 0.85 : 0.4}"/>`;
  const filled = (/** @type {number[]} */ [x, y], /** @type {string} */ colour) =>
    `<circle cx="${x}" cy="${y}" r="4.25" fill="${colour}"/>`;
  const hollow = (/** @type {number[]} */ [x, y]) =>
    `<circle cx="${x}" cy="${y}" r="3.3" fill="none" stroke="${ink}" stroke-width="1.9"/>`;
  const members = {
    disconnected: [hollow(TOP), hollow(LEFT), hollow(RIGHT)],
    connecting: [hollow(TOP), filled(LEFT, ink), filled(RIGHT, ink)],
    connected: [filled(TOP, live), filled(LEFT, ink), filled(RIGHT, ink)],
    problem: [filled(TOP, ink), filled(LEFT, ink)],
  }[state];
  // Lines end at a hollow member's edge: the middle of each is cut out of them.
  const cuts = [TOP, LEFT, RIGHT].map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3.3" fill="#000"/>`).join("");
  const badgeCut = state === "problem" ? '<circle cx="17.5" cy="17" r="7.4" fill="#000"/>' : "";
  const exclamation = `<path d="M17.5 13v4.6" stroke="${onBad}" stroke-width="2.2" stroke-linecap="round"/><circle cx="17.5" cy="21" r="1.35" fill="${onBad}"/>`;
  const badge =
    state !== "problem"
      ? ""
      : onBad === "none"
        ? `<mask id="b"><rect width="24" height="24" fill="#fff"/><g>${exclamation.replaceAll('"none"', '"#000"')}</g></mask><circle cx="17.5" cy="17" r="6" fill="${bad}" mask="url(#b)"/>`
        : `<circle cx="17.5" cy="17" r="6" fill="${bad}"/>${exclamation}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><mask id="m"><rect width="24" height="24" fill="#fff"/>${cuts}${badgeCut}</mask><g mask="url(#m)">${lines}</g>${members.join("")}${badge}</svg>\n`;
}

/**
 * @param {string} svg
 * @param {number} size in pixels
 * @returns {Buffer} a PNG
 */
function draw(svg, size) {
  return execFileSync("rsvg-convert", ["--width", String(size), "--height", String(size)], { input: svg });
}

/**
 * @param {string} name below this folder
 * @param {Uint8Array} content
 */
function write(name, content) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function makeApp() {
  const svg = readFileSync(join(folder, "source/app.svg"), "utf8");
  const images = new Map(APP_SIZES.map((size) => [size, draw(svg, size)]));
  for (const [size, png] of images) write(`app/${size}x${size}.png`, png);
  const chosen = ICO_SIZES.map((size) => ({ size, png: images.get(size) ?? draw(svg, size) }));
  write("app/icon.ico", ico(chosen));
  write("app/icon.icns", icns(images));
}

function makeTray() {
  for (const [name, ink] of Object.entries(INKS)) {
    const size = name === "Template" ? TRAY_SIZES.template : TRAY_SIZES.panel;
    for (const state of STATES) {
      const svg = traySvg(state, ink);
      write(`tray/tray-${state}-${name}.png`, draw(svg, size));
      write(`tray/tray-${state}-${name}@2x.png`, draw(svg, 2 * size));
      if (name === "Template") continue;
      const images = TRAY_ICO_SIZES.map((each) => ({ size: each, png: draw(svg, each) }));
      write(`tray/tray-${state}-${name}.ico`, ico(images));
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const made of ["app", "tray"]) rmSync(join(folder, made), { recursive: true, force: true });
  makeApp();
  makeTray();
}
