import { performance } from "node:perf_hooks";
import { Command } from "commander";
import { FailureError, messageOf } from "../../../shared/base/result.ts";
import { play } from "../demo/script.ts";
import { loopbackStage, namespaceStage, type Stage } from "../demo/stage.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, type Output } from "../output.ts";

/** All of it takes about ten seconds; a step that hangs must not keep anybody waiting. */
const DEMO_WITHIN_MS = 30_000;

interface DemoOptions {
  readonly json?: boolean;
}

/** `govpn demo`: everything at once on this machine, with figures, and nothing left behind. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("show it all on this machine: a server, two members, and traffic between them, with figures")
    .addHelpText(
      "after",
      `
As root on Linux, the members are two network namespaces, and ping and TCP go through the tunnel between them.
Elsewhere they are two programs without network devices, and only their link is measured. Either takes a few
seconds, needs no network, and leaves nothing behind.`,
    )
    .action(async (_: DemoOptions, self: Command) => {
      process.exitCode = await demo(createOutput(self.optsWithGlobals<DemoOptions>().json ?? false));
    });
}

async function demo(output: Output): Promise<number> {
  const started = performance.now();
  const ending = new AbortController();
  const end = (code: string, message: string) => ending.abort(new FailureError({ code, message }));
  const interrupted = () => end("interrupted", "The demo was interrupted.");
  const late = setTimeout(
    () => end("timeout", `The demo was not done after ${DEMO_WITHIN_MS / 1000} s.`),
    DEMO_WITHIN_MS,
  );
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupted);
  try {
    const stage = await openStage(output);
    try {
      await play(stage, output, ending.signal);
    } finally {
      await stage.close();
    }
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
    output.emit({ event: "demo", step: "done", seconds });
    output.say(`Everything worked, in ${seconds} s. Nothing of it is left on this machine.`);
    return EXIT_DONE;
  } catch (error) {
    const failure = error instanceof FailureError ? error : { code: "failed", message: messageOf(error) };
    output.complain(failure.code, failure.message);
    return EXIT_FAILED;
  } finally {
    clearTimeout(late);
    for (const signal of signals) process.off(signal, interrupted);
  }
}

async function openStage(output: Output): Promise<Stage> {
  const stage = await namespaceStage();
  const opened = stage.ok ? stage.value : await loopbackStage();
  if (!stage.ok) output.say(`No traffic through a tunnel here: ${stage.error.message}.`);
  output.emit({ event: "demo", step: "stage", kind: opened.kind, ...(!stage.ok && { reason: stage.error.message }) });
  output.say(opened.description);
  output.say();
  return opened;
}
