import { Command } from "commander";
import { offerUi } from "../browser.ts";
import { ask } from "./ask.ts";

interface UiOptions {
  readonly profile?: string;
  readonly json?: boolean;
  readonly open?: boolean;
}

/** `govpn ui`: a link to the running host's user interface, which is served from then on if it was not. */
export function uiCommand(): Command {
  return new Command("ui")
    .description("print a link to the user interface, which lets one browser on this machine in, once")
    .option("--open", "also open it in the default browser")
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<UiOptions>();
      await ask(options, "ui", {}, ({ url }, output) => offerUi(url, options.open ?? false, output));
    });
}
