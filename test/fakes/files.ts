import * as v from "valibot";
import type { Profile } from "../../electron/adapters/profile/profile.ts";
import { fail, ok } from "../../shared/base/result.ts";

/** A profile's JSON files in memory. Like the real ones, a damaged file is set aside and reported. */
export class FakeFiles implements Pick<Profile, "readJson" | "writeJson"> {
  readonly texts = new Map<string, string>();
  /** True: the disk is full. */
  isFull = false;
  writes = 0;

  readJson: Profile["readJson"] = async (name, schema) => {
    const text = this.texts.get(name);
    if (text === undefined) return ok({});
    const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
    if (read.success) return ok({ value: read.output });
    this.texts.delete(name);
    const movedTo = `${name}.corrupt`;
    this.texts.set(movedTo, text);
    return ok({ warning: { code: "file_corrupt", message: `${name} was set aside`, path: name, movedTo } });
  };

  writeJson: Profile["writeJson"] = async (name, value) => {
    if (this.isFull) return fail("unwritable", `${name} cannot be written: no space left`);
    this.writes++;
    this.texts.set(name, JSON.stringify(value));
    return ok(undefined);
  };
}
