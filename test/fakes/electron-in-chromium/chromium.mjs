// @ts-check
import { spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const PROGRAM = "/usr/bin/chromium";
const SWITCHES = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--no-startup-window",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** Chromium without a window yet, spoken to by its DevTools protocol. It says where its debugger listens, as Electron does. */
export class Chromium extends EventEmitter {
  /** @type {Promise<WebSocket>} */
  #socket;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #lastId = 0;

  constructor() {
    super();
    const folder = mkdtempSync(join(tmpdir(), "chromium-"));
    const child = spawn(PROGRAM, [...SWITCHES, `--user-data-dir=${folder}`], { stdio: ["ignore", "ignore", "pipe"] });
    process.on("exit", () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });
    this.#socket = new Promise((resolve, reject) => {
      child.on("exit", (code) => reject(new Error(`Chromium ended with ${code}`)));
      createInterface(child.stderr).on("line", (line) => {
        const [, url] = /^DevTools listening on (ws:.*)$/.exec(line) ?? [];
        if (url === undefined) return;
        console.error(line);
        resolve(this.#connect(url));
      });
    });
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {string} [sessionId] of the page that it is about
   * @returns {Promise<any>}
   */
  async send(method, params = {}, sessionId) {
    const socket = await this.#socket;
    const id = ++this.#lastId;
    socket.send(JSON.stringify({ id, method, params, sessionId }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /**
   * @param {string} url
   * @returns {Promise<WebSocket>}
   */
  #connect(url) {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
    socket.on("message", (text) => {
      const { id, method, params, result, error } = JSON.parse(String(text));
      if (method) return void this.emit(method, params);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result);
    });
    return new Promise((resolve, reject) => {
      socket.on("open", () => resolve(socket));
      socket.on("error", reject);
    });
  }
}
