import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import { missingCase } from "../../shared/base/result.ts";
import { safetyWords } from "../../shared/identity/safety-words.ts";
import type { HostSnapshot, MemberView, RoomView } from "../../shared/ipc/contract.ts";
import type { HostEvents } from "../main/host/events.ts";
import type { Host } from "../main/host/host.ts";
import { quoted } from "./invocation.ts";
import type { Output } from "./output.ts";
import { callable, sealInWords } from "./standing.ts";

type News = HostEvents["trust"];
type Answered = Extract<News, { kind: "answered" }>;

/** Tells who is at the door, who was let in and by whom, what the owner decided, and, loudly, of a changed key. */
export function narrateTrust(host: Host, output: Output, govpn: string): void {
  const teller = new TrustTeller(host, output, govpn);
  for (const { roomId, members } of host.snapshot().rooms) {
    for (const { publicKey, standing } of members) if (standing === "door") teller.knock(roomId, publicKey);
  }
  host.events.on("trust", (news) => teller.tell(news));
  host.events.on("key_changed", ({ roomId, publicKey }) => teller.keyChanged(roomId, publicKey));
  host.events.on("closed", ({ roomId }) => teller.isOut(roomId));
}

class TrustTeller {
  readonly #host: Host;
  readonly #output: Output;
  readonly #govpn: string;
  /** What people were told of waiting: several members answer alike. */
  readonly #waiting = new Map<RoomId, string>();
  /** Names of those who were removed: when they are forgiven, no list has them any more. */
  readonly #gone = new Map<PublicKey, string>();

  constructor(host: Host, output: Output, govpn: string) {
    this.#host = host;
    this.#output = output;
    this.#govpn = govpn;
    for (const { trust } of host.snapshot().rooms) {
      for (const [key, { username }] of Object.entries(trust.removed)) this.#gone.set(key as PublicKey, username);
    }
  }

  tell(news: News): void {
    const { roomId } = news;
    switch (news.kind) {
      case "knock":
        return this.knock(roomId, news.member);
      case "answered":
        return this.#answered(news);
      case "let_in":
        this.#waiting.delete(roomId);
        this.#emit("let_in", roomId, news.member);
        return this.#output.say(`${this.#who(news.member)} let this machine in: it is in ${this.#room(roomId)} now.`);
      case "removed":
        return this.#removed(roomId, news.member, news.removal);
      case "forgiven":
        this.#emit("forgiven", roomId, news.member);
        return this.#output.say(`${this.#who(news.member)} may come back to ${this.#room(roomId)}.`);
      case "role": {
        this.#emit("role", roomId, news.member, { role: news.role });
        const what = news.role === "trusted" ? "trusts" : "does not trust";
        const more = news.role === "trusted" ? "" : " any more";
        const whom = this.#isSelf(news.member) ? "this machine" : this.#who(news.member);
        return this.#output.say(`The owner of ${this.#room(roomId)} ${what} ${whom}${more}.`);
      }
      case "owner": {
        this.#emit("owner", roomId, news.member);
        const owner = this.#isSelf(news.member) ? "this machine" : this.#who(news.member);
        return this.#output.say(`${this.#room(roomId)} belongs to ${owner} now.`);
      }
      case "rules": {
        const { sealed, doors } = news;
        this.#output.emit({ event: "rules", roomId, sealed, doors });
        const rules = sealInWords({ seal: sealed ? "sealed" : "open", doors });
        return this.#output.say(`New rules of ${this.#room(roomId)}: ${rules}.`);
      }
      // Told as news of the room, and as a refusal.
      case "renamed":
      case "refused":
        return;
      default:
        return missingCase(news);
    }
  }

  knock(roomId: RoomId, publicKey: PublicKey): void {
    const { room, member } = this.#find(roomId, publicKey);
    if (!room || !member) return;
    const { words, username } = member;
    const mayLetIn = room.trust.canLetIn;
    this.#output.emit({ event: "door", roomId, publicKey, username, words, mayLetIn });
    this.#output.say(`? ${this.#who(publicKey)} is at the door of ${this.#room(roomId)}. Its words: ${words}`);
    if (!mayLetIn) return this.#output.say("  This machine may not let it in: the owner, or whom it trusts, does.");
    this.#output.say(`  If a voice you know reads you these words: ${this.#command("let-in", room, member)}`);
    this.#output.say(`  If not: ${this.#command("turn-away", room, member)}`);
  }

  keyChanged(roomId: RoomId, publicKey: PublicKey): void {
    const { room, member } = this.#find(roomId, publicKey);
    if (!room || !member?.changedKey) return;
    const { username, words, changedKey } = member;
    this.#output.emit({ event: "key_changed", roomId, publicKey, username, words, ...changedKey });
    const since = new Date(changedKey.since).toISOString().slice(0, 10);
    const known = changedKey.compared ? ", whose words were compared" : "";
    const say = (line: string) => this.#output.say(`!!! ${line}`);
    say(`${username} in ${this.#room(roomId)} has ANOTHER KEY than the ${username} known since ${since}${known}.`);
    say("This may be somebody else who took the name. Ask by voice, or in any way but this room, before you trust it.");
    say(`The words of the new key: ${words}`);
    say(`If they are the right ones: ${this.#command("accept-key", room, member)}`);
  }

  isOut(roomId: RoomId): void {
    this.#waiting.delete(roomId);
  }

  #answered({ roomId, member, answer }: Answered): void {
    if (answer === "open") return;
    const words = safetyWords(this.#host.publicKey);
    this.#emit("waiting", roomId, member, { answer, words });
    if (this.#waiting.get(roomId) === answer) return;
    this.#waiting.set(roomId, answer);
    const [who, room] = [this.#who(member), this.#room(roomId)];
    if (answer === "wait") {
      this.#output.say(`Waiting at the door of ${room}: somebody inside has to let this machine in.`);
      this.#output.say(`  Read them your words by voice: ${words}`);
    } else if (answer === "no") {
      this.#output.say(`${who} turned this machine away from ${room}.`);
    } else {
      const what = answer === "banned" ? "banned this machine from" : "removed this machine from";
      this.#output.say(`${who} says that the owner ${what} ${room}. Only the owner can let it in again.`);
    }
  }

  #removed(roomId: RoomId, publicKey: PublicKey, removal: "kicked" | "banned"): void {
    this.#emit("removed", roomId, publicKey, { removal });
    this.#gone.set(publicKey, this.#nameOf(publicKey));
    // Of its own removal this machine hears that it is out of the room, and why.
    if (this.#isSelf(publicKey)) return;
    const what = removal === "banned" ? "banned" : "removed";
    this.#output.say(`- ${this.#who(publicKey)} was ${what} from ${this.#room(roomId)} by its owner.`);
  }

  #emit(event: string, roomId: RoomId, publicKey: PublicKey, more: object = {}): void {
    this.#output.emit({ event, roomId, publicKey, username: this.#nameOf(publicKey), ...more });
  }

  #find(roomId: RoomId, publicKey: PublicKey): { readonly room?: RoomView; readonly member?: MemberView } {
    const room = this.#snapshot.rooms.find((each) => each.roomId === roomId);
    const member = room?.members.find((each) => each.publicKey === publicKey);
    return { ...(room && { room }), ...(member && { member }) };
  }

  /** What to type, with the room where there are several. */
  #command(name: string, room: RoomView, member: MemberView): string {
    const more = this.#snapshot.rooms.length > 1 ? ` --room ${room.roomId}` : "";
    return `${this.#govpn} ${name} ${quoted(callable(member, room))}${more}`;
  }

  #room(roomId: RoomId): string {
    const name = this.#snapshot.rooms.find((room) => room.roomId === roomId)?.name;
    return name ? `"${name}"` : roomId;
  }

  #who(publicKey: PublicKey): string {
    return this.#nameOf(publicKey) || publicKey.slice(0, 8);
  }

  #nameOf(publicKey: PublicKey): string {
    if (this.#isSelf(publicKey)) return this.#snapshot.username;
    return this.#host.nameOf(publicKey) || (this.#gone.get(publicKey) ?? "");
  }

  #isSelf(publicKey: PublicKey): boolean {
    return publicKey === this.#host.publicKey;
  }

  get #snapshot(): HostSnapshot {
    return this.#host.snapshot();
  }
}
