import type { PublicKey } from "../../shared/base/brand.ts";
import type { MemberView, RoomView } from "../../shared/ipc/contract.ts";
import { invitedTo, type Machine, PIN, payloads, World } from "../unit/main/machines.ts";

/** Whole hosts on a server that lies, or among members that mean harm. Time and wires are made up; keys and signatures are not. */

export const keyOf = ({ pair }: Machine): PublicKey => pair.publicKey;

export function roomOf({ host }: Machine): RoomView {
  const [room] = host.snapshot().rooms;
  if (!room) throw new Error("it is in no room");
  return room;
}

export function seenBy(machine: Machine, other: Machine): MemberView | undefined {
  return machine.host.snapshot().rooms[0]?.members.find(({ publicKey }) => publicKey === keyOf(other));
}

export const standing = (machine: Machine, other: Machine) => seenBy(machine, other)?.standing;

/** The codes with which a machine refused what somebody did. */
export function refusals(machine: Machine): readonly unknown[] {
  return payloads(machine, "refused").map(({ failure }) => (failure as { code: string }).code);
}

/** Whom a machine exchanges packets with. */
export function connectedTo(machine: Machine): readonly PublicKey[] {
  const members = machine.host.snapshot().rooms.flatMap((room) => room.members);
  return members.filter(({ state }) => state === "connected").map(({ publicKey }) => publicKey);
}

/** Ann's sealed room, and its guests, all of whom came by her link and are connected to each other. */
export async function sealedRoom(world: World, ...guests: readonly string[]): Promise<Machine[]> {
  const ann = await world.started("Ann");
  const room = await world.must(ann, "create", { name: "Den", pin: PIN });
  const machines = [ann];
  for (const name of guests) {
    const guest = await world.started(name);
    await world.must(guest, "join", invitedTo(ann, room));
    machines.push(guest);
    await world.until(() => machines.every((each) => connectedTo(each).length === machines.length - 1));
  }
  // The owner writes down who came by its link.
  await world.clock.advance(2_000);
  return machines;
}

export { invitedTo, type Machine, PIN, payloads, World };
