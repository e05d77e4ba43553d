import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const path = (fromRoot: string) => fileURLToPath(new URL(`../${fromRoot}`, import.meta.url));

/**
 * The window's page. `vite build --config build/renderer.vite.config.ts` puts it into dist/renderer: hashed files, no
 * inline script, style or data: address, so that a strict Content-Security-Policy holds.
 *
 * `vite --config build/renderer.vite.config.ts --mode demo` serves the same window on a made-up host (test/demo), for
 * work on its looks; the gallery of screenshots is built from it too.
 */
export default defineConfig(({ mode }) => ({
  root: path(mode === "demo" ? "test/demo" : "renderer"),
  publicDir: path("renderer/public"),
  cacheDir: path("node_modules/.vite"),
  // The same files are served from http://127.0.0.1:PORT/ and from app://.
  base: "./",
  plugins: [react(), tailwindcss()],
  resolve: {
    // Radix's dialogs stop the page behind them from scrolling with a <style> element, which the policy forbids. Our
    // page never scrolls (its parts do), so nothing takes its place.
    alias: { "react-style-singleton": path("build/no-style-element.ts") },
  },
  build: {
    outDir: path(mode === "demo" ? "dist/test/demo" : "dist/renderer"),
    emptyOutDir: true,
    // Electron's Chromium is newer than any of these; in a browser, what its maker still mends.
    target: ["chrome123", "firefox128", "safari18"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { host: "127.0.0.1" },
}));
