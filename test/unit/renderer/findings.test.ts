// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { asItIs, failed, say } from "../../../electron/main/doctor/words.ts";
import { checkTitle, worstFirst } from "../../../renderer/features/diagnostics/findings.ts";
import { formatsFor } from "../../../renderer/i18n/format.ts";
import { createI18n, switchLanguage } from "../../../renderer/i18n/i18n.ts";
import { said } from "../../../renderer/i18n/saying.ts";
import type { DoctorFinding, Saying } from "../../../shared/ipc/app.ts";
import type { Language } from "../../../shared/ipc/settings.ts";
import { homeState } from "../../fakes/app-states.ts";
import { openWindow } from "./window.tsx";

const finding = (id: string, status: DoctorFinding["status"]): DoctorFinding => ({ id, title: id, status, detail: [] });

describe("the checks' findings", () => {
  it("begin with what needs mending, and keep their order otherwise", () => {
    const found = [
      finding("a", "ok"),
      finding("b", "skip"),
      finding("c", "warn"),
      finding("d", "ok"),
      finding("e", "fail"),
    ];
    expect(worstFirst(found).map(({ id }) => id)).toEqual(["e", "c", "a", "d", "b"]);
  });

  it("are called by their name in the person's language, and by the host's where there is none yet", () => {
    const { t } = createI18n();
    expect(checkTitle(t, "tun", "TUN")).toBe("Network device");
    expect(checkTitle(t, "of-a-newer-host", "Something new")).toBe("Something new");
    expect(checkTitle(t, "toString", "Something new")).toBe("Something new");
  });
});

describe("a sentence of the program's", () => {
  const inEnglish = say("server_silent", { url: "wss://vpn.example.org" });

  it("is the program's own in English", async () => {
    expect(await saidIn("en", inEnglish)).toEqual({ text: "wss://vpn.example.org does not answer" });
  });

  it("is said in the person's language, with its values and amounts as that writes them", async () => {
    expect(await saidIn("de", inEnglish)).toEqual({ text: "wss://vpn.example.org antwortet nicht" });
    expect(await saidIn("de", say("tun_possible"))).toEqual({ text: "Kann angelegt werden" });
    const space = say("profile_space", { folder: "/p", mebibytes: 51_200 });
    expect(await saidIn("de", space)).toEqual({ text: "/p, 51.200 MiB frei" });
  });

  it("of a failure is told with what the system said, which names the file or the device", async () => {
    const denied = failed({ code: "tun_permission", message: "cannot open /dev/net/tun: EACCES" });
    expect(await saidIn("fr", denied)).toEqual({
      text: "Cet utilisateur n’a pas le droit de créer une interface réseau.",
      original: "cannot open /dev/net/tun: EACCES",
    });
  });

  it("stays English where there are no words for it: a version, an address, a code of a newer program", async () => {
    expect(await saidIn("ja", asItIs("eth0, 100.64.1.2"))).toEqual({ text: "eth0, 100.64.1.2" });
    for (const code of ["moon_full", "toString"]) {
      expect(await saidIn("ja", { code, text: "the moon is full" })).toEqual({
        text: "The moon is full",
        isForeign: true,
      });
    }
  });

  it("has its command apart, whole, to be copied", async () => {
    const { user } = openWindow(homeState, { place: { screen: "diagnostics" } });
    await user.click(
      await screen.findByRole("button", { name: "Copy Line for a terminal: sudo chmod 666 /dev/net/tun" }),
    );
    expect(await navigator.clipboard.readText()).toBe("sudo chmod 666 /dev/net/tun");
    expect(screen.getByText("Let this user open the device:")).toBeTruthy();
  });
});

async function saidIn(language: Language, saying: Saying) {
  const i18n = createI18n();
  await switchLanguage(i18n, language);
  return said(i18n.t, i18n, formatsFor(language), saying);
}
