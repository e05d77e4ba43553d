/**
 * Links that the system hands over: as an argument of the first start or of a second one (Windows, Linux), or as an
 * event (macOS). Here they are only found; what a link says, and whether it may be shown, the app decides.
 */
export const LINK_SCHEME = "govpn";

/** Longer than any link there is; enough for the app to see that this one is too long. */
const MAX_LINK_LENGTH = 4_097;

/**
 * The link among a program's arguments. An argument is one if it begins with the scheme, in any case, as the system
 * matches it; it is handed on as it came, but for its length. Only the first counts: the system passes one.
 */
export function linkAmong(argv: readonly string[]): string | undefined {
  return argv.find(isLink)?.slice(0, MAX_LINK_LENGTH);
}

function isLink(argument: string): boolean {
  return argument.slice(0, LINK_SCHEME.length + 1).toLowerCase() === `${LINK_SCHEME}:`;
}

/**
 * Keeps the newest link until there is an app to open it, and hands it on at once from then on. Older ones that
 * nobody saw yet give way: a person who clicked twice means the second.
 */
export class LinkInbox {
  #waiting: string | undefined;
  #open: ((link: string) => void) | undefined;

  take(link: string | undefined): void {
    if (link === undefined) return;
    if (this.#open) this.#open(link);
    else this.#waiting = link;
  }

  /** A link waits: the window is to be shown, even if the start was to be hidden. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  deliverTo(open: (link: string) => void): void {
    this.#open = open;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) open(waiting);
  }
}
