import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { icns, ico } from "../../../build/icons/containers.mjs";
import { APP_SIZES, INKS, STATES, traySvg } from "../../../build/icons/make.mjs";
import { trayImage } from "../../../electron/main/desktop/tray.ts";
import { TRAY_ICONS } from "../../../electron/main/desktop/tray-model.ts";
import { FakeTheme } from "../../fakes/electron.ts";

const read = (file: string) => readFileSync(new URL(`../../../build/icons/${file}`, import.meta.url));

/** Width and height, from the header that every PNG begins with. */
function pngSize(png: Uint8Array): [number, number] {
  const buffer = Buffer.from(png);
  expect(buffer.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  return [buffer.readUInt32BE(16), buffer.readUInt32BE(20)];
}

describe("the app's icon", () => {
  it.each(APP_SIZES)("is there at %i pixels", (size) => {
    expect(pngSize(read(`app/${size}x${size}.png`))).toEqual([size, size]);
  });

  it("is there as one file for Windows, at every size that its shell shows", () => {
    const file = read("app/icon.ico");
    const sizes = Array.from({ length: file.readUInt16LE(4) }, (_, n) => {
      const at = 6 + 16 * n;
      const png = file.subarray(file.readUInt32LE(at + 12), file.readUInt32LE(at + 12) + file.readUInt32LE(at + 8));
      const [width, height] = pngSize(png);
      expect([file.readUInt8(at), file.readUInt8(at + 1)]).toEqual([width % 256, height % 256]);
      return width;
    });
    expect(sizes).toEqual([16, 24, 32, 48, 64, 128, 256]);
  });

  it("is there as one file for macOS, up to 512 points at double density", () => {
    const file = read("app/icon.icns");
    expect(file.toString("latin1", 0, 4)).toBe("icns");
    expect(file.readUInt32BE(4)).toBe(file.length);
    const found: Record<string, number> = {};
    for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4)) {
      const [width] = pngSize(file.subarray(at + 8, at + file.readUInt32BE(at + 4)));
      found[file.toString("latin1", at, at + 4)] = width;
    }
    expect(found).toMatchObject({ ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic13: 256, ic14: 512 });
  });
});

describe("the tray's icons", () => {
  const platforms = ["linux", "win32", "darwin"] as const;

  it("are drawn for the states that the tray has", () => {
    expect([...STATES]).toEqual([...TRAY_ICONS]);
  });

  it.each(platforms)("are there for every state and panel on %s", (platform) => {
    for (const icon of TRAY_ICONS) {
      for (const isDark of [false, true]) {
        const theme = new FakeTheme();
        theme.shouldUseDarkColors = isDark;
        theme.shouldUseDarkColorsForSystemIntegratedUI = isDark;
        const name = trayImage(icon, { platform, env: {}, electron: { theme } });
        const file = read(`tray/${name}`);
        if (name.endsWith(".png")) expect(pngSize(file)[0]).toBe(platform === "darwin" ? 16 : 24);
        else expect(file.readUInt16LE(2)).toBe(1);
      }
    }
  });

  it("are there at double density", () => {
    expect(pngSize(read("tray/tray-connected-Template@2x.png"))).toEqual([32, 32]);
    expect(pngSize(read("tray/tray-connected-light@2x.png"))).toEqual([48, 48]);
  });

  it("tell the states apart without colour", () => {
    const shapes = STATES.map((state) => traySvg(state, INKS.Template));
    expect(new Set(shapes).size).toBe(STATES.length);
  });
});

describe("containers of icons", () => {
  const png = Buffer.from("png");
  it("hold nothing that was not given", () => {
    expect(ico([]).length).toBe(6);
    expect(icns(new Map()).toString("latin1")).toBe("icns\0\0\0\x08");
    expect(icns(new Map([[100, png]])).length).toBe(8);
  });
});
