import type { ServerView } from "../../../shared/ipc/contract.ts";

/** Whether an address in a link is the server in use: by the name it is dialled under here, or elsewhere. */
export function isSameServer(address: string, { url, publicUrl }: ServerView): boolean {
  const wanted = normal(address);
  return [url, publicUrl].some((known) => known !== undefined && normal(known) === wanted);
}

function normal(address: string): string {
  try {
    const { protocol, host, pathname } = new URL(address);
    return `${protocol}//${host}${pathname.replace(/\/+$/, "")}`;
  } catch {
    return address;
  }
}
