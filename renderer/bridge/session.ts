import * as v from "valibot";
import { SESSION_PATH, SessionReply, TOKEN_FRAGMENT } from "../../shared/ipc/browser.ts";

/** A browser's session with the headless host (shared/ipc/browser.ts): the cookie is the browser's own business. */

const KEY_ITEM = "govpn.session-key";

/** Trades the token of the link that opened this page, if there is one, for a session. The address loses it first. */
export async function openSession(page: Window): Promise<void> {
  const { hash } = page.location;
  if (!hash.startsWith(TOKEN_FRAGMENT)) return;
  page.history.replaceState(null, "", page.location.pathname);
  const reply = await post({ token: hash.slice(TOKEN_FRAGMENT.length) });
  if (reply) page.localStorage.setItem(KEY_ITEM, reply.key);
}

export function sessionKey(page: Window): string | undefined {
  return page.localStorage.getItem(KEY_ITEM) ?? undefined;
}

/** Whether the host is there and refuses this browser; a host that is not there says nothing either way. */
export async function isSignedOut(): Promise<boolean> {
  try {
    return (await fetch(SESSION_PATH, { cache: "no-store" })).status === 401;
  } catch {
    return false;
  }
}

async function post(body: { readonly token: string }) {
  try {
    const response = await fetch(SESSION_PATH, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const parsed = v.safeParse(SessionReply, await response.json());
    return parsed.success ? parsed.output : undefined;
  } catch {
    // Spent, or the host is gone: what follows finds out which.
    return undefined;
  }
}
