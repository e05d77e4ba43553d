import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOf, placeOf } from "../../../renderer/bridge/places.ts";
import type { RoomId } from "../../../shared/base/brand.ts";

describe("where the window is", () => {
  it("comes back from the address as it went in", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w-]{1,64}$/), (id) => {
        const place = { screen: "room", roomId: id as RoomId } as const;
        expect(placeOf(hashOf(place))).toEqual(place);
      }),
    );
    for (const screen of ["rooms", "activity", "diagnostics", "settings", "about"] as const) {
      expect(placeOf(hashOf({ screen }))).toEqual({ screen });
    }
  });

  it("is the rooms for any address that is none of ours, and throws for none", () => {
    for (const hash of ["", "#", "#/", "#/nowhere", "#t=secret", "#/room", "#/room/", "#/settings/deep"]) {
      expect(placeOf(hash).screen).toMatch(/^(rooms|settings)$/);
    }
    fc.assert(fc.property(fc.string(), (text) => void placeOf(`#${text}`)));
  });
});
