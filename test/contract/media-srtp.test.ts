import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { releaseWebrtc } from "../../electron/adapters/webrtc/closing.ts";
import { webrtcTransports } from "../../electron/adapters/webrtc/transport.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import type { DatagramPipe, PeerTransport } from "../../shared/mesh/ports.ts";
import { DatagramRelay, type Direction } from "../fakes/datagram-relay.ts";
import { type DtlsChoice, readServerHello } from "../fakes/dtls-hello.ts";

// What docs/threat-model.md says of the media lane's protection, seen by somebody in the middle of a real connection.

const DTLS_1_2 = 0xfefd;
const SUITES: Readonly<Record<number, string>> = {
  49195: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  49196: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  52393: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
};
const PROFILES: Readonly<Record<number, string>> = {
  1: "SRTP_AES128_CM_HMAC_SHA1_80",
  7: "SRTP_AEAD_AES_128_GCM",
  8: "SRTP_AEAD_AES_256_GCM",
};
/** Of sequence numbers, in libdatachannel's SRTP policy. */
const REPLAY_WINDOW = 1024;
const WITHIN_WINDOW = 1000;
/** RFC 7983: what the first byte of a datagram says it is. */
const isRtp = (datagram: Buffer) => (datagram[0] ?? 0) >= 128 && (datagram[0] ?? 0) < 192;

/** Two ends of a connection, everything between them going through a relay. */
class Watched {
  readonly relay: DatagramRelay;
  readonly ends: readonly PeerTransport[];
  readonly choice: DtlsChoice;
  /** The number that each frame came with. */
  readonly sequences = new Map<string, number>();
  readonly #arrived: string[] = [];
  #wake: () => void = () => {};

  private constructor(relay: DatagramRelay, ends: readonly PeerTransport[], choice: DtlsChoice) {
    this.relay = relay;
    this.ends = ends;
    this.choice = choice;
    this.#pipe(1).onFrame = (frame, sequence) => {
      const text = Buffer.from(frame).toString();
      this.sequences.set(text, sequence);
      this.#arrived.push(text);
      this.#wake();
    };
  }

  static async open(): Promise<Watched> {
    const create = webrtcTransports({ iceServers: [], logger: silentLogger });
    const ends = [create({ initiator: true }), create({ initiator: false })] as const;
    const [a, b] = ends;
    let relay: DatagramRelay | undefined;
    let choice: DtlsChoice | undefined;
    const opening = Promise.all(ends.map((each) => new Promise<void>((resolve) => (each.onOpen = resolve))));
    // Of all candidates one is told, and for it the relay: the answerer finds the offerer there, and the offerer it.
    b.onSignal = (signal) => void setImmediate(() => signal.kind !== "candidate" && a.signal(signal));
    a.onSignal = async (signal) => {
      if (signal.kind !== "candidate") return b.signal(signal);
      const fields = signal.candidate.split(" ");
      const [address = "", port = ""] = fields.slice(4, 6);
      if (relay || !address.includes(".")) return;
      relay = await DatagramRelay.open({ address, port: Number(port) });
      relay.pass = (datagram) => {
        choice ??= readServerHello(datagram);
        return true;
      };
      fields.splice(4, 2, "127.0.0.1", String(relay.port));
      b.signal({ ...signal, candidate: fields.join(" ") });
    };
    await opening;
    if (!relay || !choice) throw new Error("the connection was made past the relay");
    return new Watched(relay, ends, choice);
  }

  /** Sends a frame from the first end; what arrives at the second is in `arrived`. */
  send(text: string): void {
    const { headroom } = this.#pipe(0);
    this.#pipe(0).send(Buffer.concat([Buffer.alloc(headroom), Buffer.from(text)]));
  }

  /** What has arrived once this frame has, the frame itself left out. */
  async until(text: string): Promise<readonly string[]> {
    while (!this.#arrived.includes(text)) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#arrived.splice(0).filter((each) => each !== text);
  }

  /** Sends frames, one at a time lest a socket's buffer overflow, and keeps their datagrams from arriving. */
  async held(
    texts: readonly string[],
  ): Promise<{ readonly datagrams: readonly Buffer[]; readonly direction: Direction }> {
    const datagrams: Buffer[] = [];
    let going: Direction = "inward";
    for (const text of texts) {
      const isKept = new Promise<void>((resolve) => {
        this.relay.pass = (datagram, direction) => {
          if (!isRtp(datagram)) return true;
          datagrams.push(datagram);
          going = direction;
          resolve();
          return false;
        };
      });
      this.send(text);
      await isKept;
    }
    this.relay.pass = () => true;
    return { datagrams, direction: going };
  }

  close(): void {
    for (const end of this.ends) end.close();
    this.relay.close();
  }

  #pipe(end: 0 | 1): DatagramPipe {
    const pipe = this.ends[end]?.media;
    if (!pipe) throw new Error("the connection has no media lane");
    return pipe;
  }
}

describe("the media lane's protection", () => {
  let watched: Watched;
  beforeEach(async () => {
    watched = await Watched.open();
  });
  afterEach(() => watched.close());
  afterAll(releaseWebrtc);

  it("is DTLS 1.2 and SRTP, both with authenticated encryption", () => {
    const { version, cipherSuite, srtpProfile = 0 } = watched.choice;
    console.log(`DTLS ${version.toString(16)}, ${SUITES[cipherSuite]}, ${PROFILES[srtpProfile]}`);
    expect(version).toBe(DTLS_1_2);
    expect(SUITES[cipherSuite] ?? cipherSuite.toString(16)).toMatch(/^TLS_ECDHE_ECDSA_WITH_AES_\d+_GCM/);
    expect(PROFILES[srtpProfile] ?? srtpProfile).toBe("SRTP_AEAD_AES_256_GCM");
  });

  it("shows nobody the frame: neither its bytes nor anything but its length", async () => {
    const text = "a secret that is long enough not to occur by chance";
    const { datagrams } = await watched.held([text, text]);
    const [first, second] = datagrams.map((datagram) => datagram.subarray(12));
    expect(datagrams.map((each) => each.includes("secret"))).toEqual([false, false]);
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false);
    // RTP's header, the frame, and the tag.
    expect(datagrams.map(({ length }) => length)).toEqual(Array(2).fill(12 + text.length + 16));
  });

  it("refuses what was changed on the way, be it one bit, and what was made up", async () => {
    const { datagrams, direction } = await watched.held(["one"]);
    const [sealed = Buffer.alloc(0)] = datagrams;
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      watched.relay.send(changed, direction);
    }
    watched.relay.send(Buffer.concat([sealed.subarray(0, 12), Buffer.alloc(40)]), direction);
    watched.relay.send(sealed.subarray(0, -1), direction);
    // It is taken as it was sent, and nothing before it was.
    watched.relay.send(sealed, direction);
    watched.send("last");
    expect(await watched.until("last")).toEqual(["one"]);
  });

  it("takes a packet once, however often it is sent", async () => {
    const { datagrams, direction } = await watched.held(["one"]);
    for (let i = 0; i < 5; i++) for (const datagram of datagrams) watched.relay.send(datagram, direction);
    watched.send("last");
    expect(await watched.until("last")).toEqual(["one"]);
  });

  it("numbers frames as they were sent, whatever becomes of them", async () => {
    const { datagrams, direction } = await watched.held(["one", "two", "three"]);
    for (const index of [2, 0]) watched.relay.send(datagrams[index] ?? Buffer.alloc(0), direction);
    watched.send("four");
    expect(await watched.until("four")).toEqual(["three", "one"]);
    const one = watched.sequences.get("one") ?? Number.NaN;
    const behind = (text: string) => ((watched.sequences.get(text) ?? Number.NaN) - one) & 0xffff;
    expect([behind("three"), behind("four")]).toEqual([2, 3]);
  });

  it("takes packets in any order within its window, and none that is older", async () => {
    const texts = Array.from({ length: REPLAY_WINDOW + 100 }, (_, i) => `frame ${i}`);
    const { datagrams, direction } = await watched.held(texts);
    const [oldest, newest] = [datagrams[0] ?? Buffer.alloc(0), datagrams.at(-1) ?? Buffer.alloc(0)];
    const recent = datagrams[datagrams.length - WITHIN_WINDOW] ?? Buffer.alloc(0);
    for (const datagram of [newest, recent, oldest]) watched.relay.send(datagram, direction);
    watched.send("last");
    expect(await watched.until("last")).toEqual([texts.at(-1), texts[texts.length - WITHIN_WINDOW]]);
  });
});
