// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { LinkStatus } from "../../../renderer/bridge/connection.ts";
import { emptyState, firstRunState, HOME, homeState, rightsState, serverLostState } from "../../fakes/app-states.ts";
import { openWindow, told } from "./window.tsx";

const inAMoment: LinkStatus = { kind: "waiting", retryAt: 0 };

describe("the window", () => {
  it("waits for the program's first word", async () => {
    const { connection, happen } = openWindow(homeState, { link: { kind: "connecting" } });
    expect(screen.getByText("Starting…")).toBeTruthy();
    await happen(() => connection.turn({ kind: "open" }));
    expect(await screen.findByRole("heading", { name: "Rooms", level: 1 })).toBeTruthy();
  });

  it("says when the program is not there, and looks again on request", async () => {
    const { user, connection } = openWindow(homeState, { link: inAMoment });
    await user.click(screen.getByRole("button", { name: "Look again" }));
    expect(connection.retries).toBe(1);
  });

  it("says how to get in when the program does not know this browser", () => {
    openWindow(homeState, { link: { kind: "signed_out" } });
    expect(screen.getByRole("heading", { name: "Open a new link" })).toBeTruthy();
  });

  it("keeps what it knew when it loses the program, but calls none of it connected", async () => {
    const { connection, happen } = openWindow(homeState);
    await screen.findByText("Connected");
    await happen(() => connection.turn(inAMoment));
    expect(screen.queryByText("Connected")).toBeNull();
    expect(screen.getByText("Not sure")).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toContain("GoVPN has stopped");
    expect(await screen.findByRole("heading", { name: "Family" })).toBeTruthy();
    expect(screen.getByRole("switch", { name: "Connect this computer" })).toHaveProperty("disabled", true);
  });

  it("follows the address, and goes where the sidebar says", async () => {
    const { user, places } = openWindow(homeState);
    await user.click(await screen.findByRole("button", { name: "Family 6 members" }));
    expect(places.current).toEqual({ screen: "room", roomId: HOME });
    expect(await screen.findByRole("heading", { name: "Family", level: 1 })).toBeTruthy();
  });

  it("shows the language that was chosen to assistive technology too", async () => {
    openWindow((at) => ({ ...homeState(at), settings: { ...homeState(at).settings, language: "en" } }));
    await waitFor(() => expect(document.documentElement.lang).toBe("en"));
    expect(document.documentElement.dir).toBe("ltr");
  });

  it("takes the chosen theme, and leaves the choice to the system where that was chosen", async () => {
    const { host, happen } = openWindow((at) => ({
      ...homeState(at),
      settings: { ...homeState(at).settings, theme: "dark" },
    }));
    await waitFor(() => expect(document.documentElement.dataset.theme).toBe("dark"));
    await happen(() => host.change((state) => ({ ...state, settings: { ...state.settings, theme: "system" } })));
    expect(document.documentElement.dataset.theme).toBeUndefined();
  });
});

describe("the switch", () => {
  it("turns at once, and says what the host then says", async () => {
    const { user, host } = openWindow(homeState);
    const release = host.hold("setConnected");
    await user.click(screen.getByRole("switch", { name: "Connect this computer" }));
    expect(screen.getByRole("switch").getAttribute("aria-checked")).toBe("false");
    expect(screen.getAllByText("Off")).not.toHaveLength(0);
    release();
    await waitFor(() => expect(host.state.wanted).toBe(false));
  });

  it("turns back, with the reason, when the host refuses", async () => {
    const { user, host } = openWindow(homeState);
    host.refuse("setConnected", { code: "profile_in_use", message: "another program has this profile" });
    await user.click(screen.getByRole("switch"));
    await told("Another program has this profile");
    expect(screen.getByRole("switch").getAttribute("aria-checked")).toBe("true");
  });
});

describe("what goes on being wrong", () => {
  it("names the server that does not answer, and tries it again on request", async () => {
    const { user, asked } = openWindow(serverLostState);
    const banner = (await screen.findByText("The server does not answer")).closest<HTMLElement>("[role=status]")!;
    expect(banner.textContent).toMatch(/ws:\/\/127\.0\.0\.1:8080 is tried again in \d+ seconds/);
    await user.click(within(banner).getByRole("button", { name: "Try now" }));
    expect(asked("retryNow")).toHaveLength(1);
  });

  it("says what works without the network device, and sets it up with one click", async () => {
    const { user, host } = openWindow((at) => rightsState(at, "helper"));
    expect(await screen.findByText("Limited")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Set up the network" }));
    await told("The network is set up.");
    expect(host.state.tunnel.state).toBe("up");
    expect(screen.queryByText("Programs cannot use your rooms yet")).toBeNull();
    expect(screen.getByText("Connected")).toBeTruthy();
  });

  it("shows the line to run where the system cannot be asked", async () => {
    openWindow((at) => rightsState(at, "command"));
    expect(await screen.findByText("sudo govpn-netconf setup --user maya")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Set up the network" })).toBeNull();
  });

  it("says nothing where nothing is wrong", async () => {
    openWindow(emptyState);
    await screen.findByRole("heading", { name: "No room yet" });
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("the first run", () => {
  it("asks for a name and a server, and leads to a room with one click", async () => {
    const { user, asked } = openWindow(firstRunState);
    const name = screen.getByLabelText("Your name");
    await user.clear(name);
    await user.type(name, "Maya P.");
    await user.click(screen.getByRole("button", { name: "Create a room" }));
    expect(asked("setUsername")).toEqual([{ username: "Maya P." }]);
    expect(asked("saveSettings")).toEqual([
      {
        change: {
          server: { kind: "embedded", reach: "network", port: 8080 },
          username: "Maya P.",
          welcomed: true,
        },
      },
    ]);
    expect(await screen.findByRole("dialog", { name: "New room" })).toBeTruthy();
  });

  it("tries the address of a server as it is typed", async () => {
    const { user } = openWindow(firstRunState);
    await user.click(screen.getByRole("radio", { name: "A server you know" }));
    await user.type(screen.getByLabelText("Address of the server"), "wss://vpn.example.org");
    expect(await screen.findByText("It answers, in 23 ms.")).toBeTruthy();
    await user.clear(screen.getByLabelText("Address of the server"));
    await user.type(screen.getByLabelText("Address of the server"), "wss://nowhere.test");
    expect(await screen.findByText("The name in wss://nowhere.test cannot be looked up")).toBeTruthy();
    expect(screen.getByText("Check its spelling, and this machine's internet connection.")).toBeTruthy();
    await user.clear(screen.getByLabelText("Address of the server"));
    await user.type(screen.getByLabelText("Address of the server"), "vpn.example.org");
    expect(await screen.findByText("It answers, in 23 ms.")).toBeTruthy();
  });

  it("does not go on without an address where one was chosen", async () => {
    const { user, asked } = openWindow(firstRunState);
    await user.click(screen.getByRole("radio", { name: "A server you know" }));
    await user.click(screen.getByRole("button", { name: "I was invited" }));
    expect(await screen.findByText("Type the server's address, or choose another.")).toBeTruthy();
    expect(asked("saveSettings")).toEqual([]);
  });

  it("is not over when the choice could not be kept", async () => {
    const { user, host } = openWindow(firstRunState);
    host.refuse("saveSettings", { code: "address_in_use", message: "port 8080 is taken" });
    await user.click(screen.getByRole("button", { name: "Look around first" }));
    await told(/Another program has the server's port/);
    expect(screen.getByLabelText("Your name")).toBeTruthy();
  });
});
