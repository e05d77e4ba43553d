import type { NetworkInterfaceInfo } from "node:os";
import { describe, expect, it } from "vitest";
import { newPin, pinArgument, sayInvitation } from "../../../electron/cli/invitation.ts";
import { invocation } from "../../../electron/cli/invocation.ts";
import type { Output } from "../../../electron/cli/output.ts";
import { dialableElsewhere, dialableHere } from "../../../electron/main/server/address.ts";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { Invitation } from "../../../shared/ipc/app.ts";

function recording(): { output: Output; said: string[]; emitted: object[] } {
  const said: string[] = [];
  const emitted: object[] = [];
  const output: Output = {
    json: false,
    say: (line = "") => said.push(line),
    emit: (event) => emitted.push(event),
    complain: (code) => said.push(`! ${code}`),
  };
  return { output, said, emitted };
}

const interfaces = () =>
  ({
    lo: [{ address: "127.0.0.1", internal: true, family: "IPv4" }],
    govpn0: [{ address: "100.64.1.2", internal: false, family: "IPv4" }],
    eth0: [
      { address: "fe80::1", internal: false, family: "IPv6" },
      { address: "192.0.2.7", internal: false, family: "IPv4" },
    ],
  }) as unknown as NodeJS.Dict<NetworkInterfaceInfo[]>;

describe("the address of a server that listens on this machine", () => {
  it("is dialled over loopback when it listens on every address", () => {
    expect(dialableHere("ws://0.0.0.0:8080/ws")).toBe("ws://127.0.0.1:8080/ws");
    expect(dialableHere("ws://[::]:8080/ws")).toBe("ws://[::1]:8080/ws");
    expect(dialableHere("ws://192.0.2.7:8080/ws")).toBe("ws://192.0.2.7:8080/ws");
  });

  it("is, for others, an address of this machine that is no tunnel's", () => {
    expect(dialableElsewhere("ws://0.0.0.0:8080/ws", interfaces)).toBe("ws://192.0.2.7:8080/ws");
    expect(dialableElsewhere("wss://vpn.example.org/ws", interfaces)).toBe("wss://vpn.example.org/ws");
  });

  it.each(["ws://127.0.0.1:8080/ws", "ws://localhost:8080/ws", "ws://[::1]:8080/ws"])(
    "is none for others: %s",
    (url) => {
      expect(dialableElsewhere(url, interfaces)).toBeUndefined();
    },
  );

  it("is none for others on a machine without a network", () => {
    expect(dialableElsewhere("ws://0.0.0.0:8080/ws", () => ({}))).toBeUndefined();
  });
});

describe("the next command to type", () => {
  it("is npm's in a checkout, and names the profile if it is not the default one", () => {
    expect(invocation(undefined, {})).toBe("govpn");
    expect(invocation(undefined, { npm_lifecycle_event: "start" })).toBe("npm run -s govpn --");
    expect(invocation(undefined, { npm_lifecycle_event: "test" })).toBe("govpn");
    expect(invocation("/tmp/a b", {})).toBe("govpn --profile '/tmp/a b'");
    expect(invocation("it's", {})).toBe("govpn --profile 'it'\\''s'");
  });
});

describe("an invitation", () => {
  const invitation: Invitation = {
    roomId: "den" as RoomId,
    name: "Den",
    pin: "0421",
    server: "ws://192.0.2.7:8080/ws",
    reachable: true,
    link: "govpn://join/den?server=ws%3A%2F%2F192.0.2.7%3A8080%2Fws&name=Den#k=KEY&o=OWNER",
    sealed: true,
  };

  it("is a line to be typed elsewhere, which a shell takes as one link", () => {
    const { output, said, emitted } = recording();
    sayInvitation(invitation, output);
    expect(said.join("\n")).toContain(`govpn up --join '${invitation.link}' --pin 0421`);
    expect(said.at(-1)).toContain("waits at the door");
    const { reachable: _, ...told } = invitation;
    expect(emitted).toEqual([{ event: "invitation", ...told }]);
  });

  it("to an open room promises no door", () => {
    const { output, said } = recording();
    sayInvitation({ ...invitation, sealed: false }, output);
    expect(said.join("\n")).not.toContain("door");
    expect(said.at(-1)).toContain("Who has the PIN comes in");
  });

  it("does not send other machines to this one's loopback", () => {
    const { output, said } = recording();
    sayInvitation({ ...invitation, reachable: false }, output);
    expect(said.join("\n")).toContain("on this machine alone");
    expect(said.join("\n")).not.toContain("another machine");
  });
});

describe("a PIN", () => {
  it("that is made up has four digits, leading zeros too", () => {
    const pins = Array.from({ length: 2_000 }, newPin);
    for (const pin of pins) expect(pinArgument(pin)).toBe(pin);
    expect(pins.some((pin) => pin.startsWith("0"))).toBe(true);
    expect(new Set(pins).size).toBeGreaterThan(1_500);
  });

  it.each(["", "123", "12345", "12a4", " 1234", "１２３４", "1234\n"])("is not %j", (text) => {
    expect(() => pinArgument(text)).toThrow("exactly four digits");
  });
});
