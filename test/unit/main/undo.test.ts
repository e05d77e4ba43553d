import { expect, it } from "vitest";
import { UndoSteps } from "../../../electron/main/undo.ts";
import { createLogger, type LogRecord } from "../../../shared/base/logger.ts";

function made() {
  const log: LogRecord[] = [];
  const taken: string[] = [];
  const undo = new UndoSteps(createLogger((record) => log.push(record), "debug"));
  return { undo, taken, log };
}

it("takes back the newest first, one after the other", async () => {
  const { undo, taken } = made();
  undo.add("the lock", () => taken.push("lock"));
  undo.add("the app", async () => {
    await Promise.resolve();
    taken.push("app");
  });
  await undo.run();
  expect(taken).toEqual(["app", "lock"]);
});

it("goes on where a step fails, and says which", async () => {
  const { undo, taken, log } = made();
  undo.add("the lock", () => taken.push("lock"));
  undo.add("the app", async () => {
    throw new Error("no answer");
  });
  undo.add("the socket", () => {
    throw new Error("gone");
  });
  await undo.run();
  expect(taken).toEqual(["lock"]);
  expect(log.map(({ fields }) => fields)).toEqual([
    { what: "the socket", error: "gone" },
    { what: "the app", error: "no answer" },
  ]);
});

it("takes each step once", async () => {
  const { undo, taken } = made();
  undo.add("the lock", () => taken.push("lock"));
  await Promise.all([undo.run(), undo.run()]);
  expect(taken).toEqual(["lock"]);
});
