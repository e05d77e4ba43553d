import type { InboundRule } from "./inbound-rule.ts";

/** What one peer may begin with this machine. */
export class Firewall {
  #rule: InboundRule = { mode: "all" };

  get rule(): InboundRule {
    return this.#rule;
  }

  setRule(rule: InboundRule): void {
    this.#rule = rule;
  }
}
