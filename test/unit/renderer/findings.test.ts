// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { checkTitle, worstFirst } from "../../../renderer/features/diagnostics/findings.ts";
import { createI18n } from "../../../renderer/i18n/i18n.ts";
import type { DoctorFinding } from "../../../shared/ipc/app.ts";

const finding = (id: string, status: DoctorFinding["status"]): DoctorFinding => ({ id, title: id, status, detail: "" });

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
