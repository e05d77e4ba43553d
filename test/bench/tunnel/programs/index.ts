import type { Contender } from "./contender.ts";
import { fastd } from "./fastd.ts";
import { n2n } from "./n2n.ts";
import { nebula } from "./nebula.ts";
import { noOffloads, noVpn } from "./no-vpn.ts";
import { openvpn } from "./openvpn.ts";
import { type LaneName, ours } from "./ours.ts";
import { tinc } from "./tinc.ts";
import { weron } from "./weron.ts";
import { wireguardGo } from "./wireguard-go.ts";

export interface Wanted {
  readonly checkout: string;
  readonly lanes: readonly LaneName[];
  /** weron's path, or throws why there is none. */
  readonly weronPath: () => string;
}

/** Every program that is compared, in the order of the tables. */
export function contenders({ checkout, lanes, weronPath }: Wanted): readonly Contender[] {
  const own = lanes.map((lane) => ours(lane, checkout));
  return [noVpn, noOffloads, ...own, wireguardGo, nebula, openvpn, tinc, n2n, fastd, weron(weronPath)];
}

/** Whether a name given by a person means this program: `ours` is every lane of ours. */
export function isChosen({ name, ours = false }: Pick<Contender, "name" | "ours">, only: readonly string[]): boolean {
  return only.includes(name) || (ours && only.includes("ours"));
}
