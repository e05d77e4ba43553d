import fc from "fast-check";
import type { Greeting, TrustMessage } from "../../../../shared/trust/messages.ts";
import { idOf, type Policy, signHandOver, signPolicy, type UnsignedPolicy } from "../../../../shared/trust/policy.ts";
import { keyIdOf, makeRoomKey, ownerPinOf, roomProof } from "../../../../shared/trust/room-key.ts";
import { den, type Machine } from "../world.ts";
import type { Town } from "./town.ts";

/** What a hostile member says. `pick` chooses among what there is. */
export const LIES = [
  "replay",
  "own signature",
  "edited",
  "other room",
  "hand-over to itself",
  "forged hand-over",
  "another's proof",
  "made-up proof",
  "grant of a made-up key",
  "grant of another room",
  "boast",
  "modest",
  "door",
  "nonsense",
] as const;
export type Lie = (typeof LIES)[number];
export const lie: fc.Arbitrary<Lie> = fc.constantFrom(...LIES);

export async function tellLie(town: Town, kind: Lie, to: Machine, pick: number): Promise<void> {
  const message = await made(town, kind, to, pick);
  if (message !== undefined) town.world.carry(town.liar, to.key, message);
}

async function made(town: Town, kind: Lie, to: Machine, pick: number): Promise<unknown> {
  const { liar, overheard } = town;
  const any = <T>(items: readonly T[]): T | undefined => items[pick % Math.max(1, items.length)];
  const seen = overheard.flatMap((message) =>
    message.t === "policy" || message.t === "grant" ? [message.policy] : [],
  );
  const policy = any(seen);
  const greeting = any(overheard.filter((message): message is Greeting => message.t === "room"));
  const said = (next: Policy): TrustMessage => ({ t: "policy", room: den, policy: next });
  switch (kind) {
    case "replay":
      return any(overheard);
    case "own signature":
      return policy && said(await signPolicy({ ...unsigned(policy), ...edit(town, policy, pick) }, liar.signer));
    case "edited":
      return policy && said({ ...policy, ...edit(town, policy, pick) });
    case "other room":
      return said(await ownRoom(town, pick));
    case "hand-over to itself": {
      if (!policy) return undefined;
      const handOver = await signHandOver(den, liar.key, policy.epoch + 1, liar.signer);
      const next = { ...unsigned(policy), chain: [...policy.chain, handOver], epoch: policy.epoch + 2, members: [] };
      return said(await signPolicy(next, liar.signer));
    }
    case "forged hand-over":
      return (
        policy && { t: "handover", room: den, handover: await signHandOver(den, to.key, policy.epoch + 1, liar.signer) }
      );
    case "another's proof":
      return greeting && { ...greeting, ask: pick % 2 === 0 };
    case "made-up proof": {
      const binding = { room: den, from: liar.key, to: to.key, fromFingerprint: "a", toFingerprint: "b" };
      return greeting && { ...greeting, proof: roomProof(makeRoomKey(town.world.random), binding) };
    }
    case "grant of a made-up key":
      return policy && { t: "grant", room: den, key: makeRoomKey(town.world.random), policy };
    case "grant of another room": {
      const key = makeRoomKey(town.world.random);
      const { sig: _, ...other } = await ownRoom(town, pick);
      return {
        t: "grant",
        room: den,
        key,
        policy: await signPolicy({ ...other, sealed: true, key: keyIdOf(key) }, liar.signer),
      };
    }
    case "boast":
      return (
        greeting && {
          ...greeting,
          epoch: greeting.epoch + 1_000,
          chain: greeting.chain + (pick % 2),
          founder: town.pin,
        }
      );
    case "modest":
      return policy && { ...bare(policy), policy: idOf(policy), epoch: 1, chain: 0 };
    case "door":
      return { t: "door", room: den, answer: any(["wait", "no", "removed", "banned", "open"] as const) };
    case "nonsense":
      return any([
        {},
        { t: "room" },
        { t: "constructor", room: "__proto__" },
        { t: "policy", room: den, policy: { __proto__: null } },
      ]);
  }
}

/** What it would like the owner to have said. */
function edit({ liar, world }: Town, policy: Policy, pick: number): Partial<UnsignedPolicy> {
  const edits: readonly Partial<UnsignedPolicy>[] = [
    { sealed: false, key: "" },
    { removed: [] },
    { members: [[liar.key, "trusted"]], removed: policy.removed.filter(([key]) => key !== liar.key) },
    { key: keyIdOf(makeRoomKey(world.random)), sealed: true },
    { doors: "members" },
    { chain: [] },
    { removed: policy.members.map(([key]) => [key, "banned"]), members: [] },
  ];
  return { epoch: policy.epoch + 1 + (pick % 3) * 500, ...edits[pick % edits.length] };
}

/** A room of its own under the same name: all in order, but for the founder. */
function ownRoom({ liar }: Town, pick: number): Promise<Policy> {
  const lists = { chain: [], members: [], removed: [] };
  const room = { v: 1, room: den, founder: liar.key, epoch: 1 + (pick % 50), name: "Mine", doors: "members" } as const;
  return signPolicy({ ...room, ...lists, sealed: false, key: "" }, liar.signer);
}

function unsigned({ sig: _, ...policy }: Policy): UnsignedPolicy {
  return policy;
}

function bare(policy: Policy): Greeting {
  const id = { founder: ownerPinOf(policy.founder), policy: idOf(policy) };
  return {
    t: "room",
    room: den,
    key: "",
    proof: "",
    chain: policy.chain.length,
    epoch: policy.epoch,
    ask: false,
    ...id,
  };
}
