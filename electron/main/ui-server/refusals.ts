import { SESSION_PATH } from "../../../shared/ipc/browser.ts";
import type { Refusal } from "./gate.ts";

/** What the UI's server says to requests that pass its gate and still are not what it serves. */

export const BAD_TOKEN: Refusal = {
  status: 403,
  code: "bad_token",
  sentence: "This link was used before, or is too old. Get a new one with: govpn ui",
};
export const OTHER_USER: Refusal = {
  status: 403,
  code: "other_user",
  sentence: "This GoVPN belongs to another user of this machine.",
};
export const NO_SESSION: Refusal = {
  status: 401,
  code: "no_session",
  sentence: "This browser has not been let in. Get a link with: govpn ui",
};
export const TOO_MANY_WINDOWS: Refusal = {
  status: 503,
  code: "too_many_windows",
  sentence: "GoVPN is open in too many tabs. Close some of them.",
};
export const TOO_LARGE: Refusal = { status: 413, code: "too_large", sentence: "That is larger than any token." };
export const NOT_JSON: Refusal = {
  status: 415,
  code: "not_json",
  sentence: "A token is posted as application/json.",
};
export const NOTHING_HERE: Refusal = { status: 404, code: "not_found", sentence: "There is no such page here." };
export const NOT_A_PAGE: Refusal = {
  status: 426,
  code: "not_a_page",
  sentence: "This address is for WebSockets. The user interface is at /.",
};

export function badMethod(path: string): Refusal {
  const sentence = path === SESSION_PATH ? "Only GET and POST are understood here." : "Only GET is understood here.";
  return { status: 405, code: "bad_method", sentence };
}
