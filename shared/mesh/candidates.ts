/**
 * ICE finds the tunnel's own address on the machine, offers it, and would then carry the tunnel inside itself. So
 * candidates with a tunnel address are dropped at both ends, trickled or inside SDP.
 */
export type IsTunnelAddress = (address: string) => boolean;

/** The connection address of a candidate line (RFC 8839 section 5.1), with or without "a=". */
export function candidateAddress(candidate: string): string | undefined {
  const fields = candidate.replace(/^a=/, "").trim().split(/\s+/);
  return fields[0]?.startsWith("candidate:") ? fields[4] : undefined;
}

/**
 * Takes every candidate out of an SDP: they travel one by one, each checked.
 * @returns the SDP without them, in lines that end with CRLF, and the candidate attributes (without "a=") with the mid
 * of their section; a section without one goes by its number.
 */
export function splitCandidates(sdp: string): {
  readonly sdp: string;
  readonly candidates: readonly { readonly candidate: string; readonly mid: string }[];
} {
  const candidates: { candidate: string; mid: string }[] = [];
  const kept: string[] = [];
  let pending: string[] = [];
  let section = -1;
  let mid = "0";
  const endSection = () => {
    for (const candidate of pending) candidates.push({ candidate, mid });
    pending = [];
  };
  // A lone CR ends a line too: what hides a candidate from us must not show it to a more lenient reader.
  for (const line of sdp.split(/\r\n|\n|\r/)) {
    if (line.startsWith("m=")) {
      endSection();
      section++;
      mid = String(section);
    }
    if (line.startsWith("a=mid:")) mid = line.slice("a=mid:".length);
    if (line.startsWith("a=candidate:")) pending.push(line.slice("a=".length));
    else if (line !== "a=end-of-candidates") kept.push(line);
  }
  endSection();
  return { sdp: kept.join("\r\n"), candidates };
}

/**
 * The SHA-256 certificate fingerprint of an SDP. Undefined when there is none, or anything in it could be taken for
 * another: the proofs of hello and of a room's key are bound to what is read here, and the certificate is checked against
 * what the WebRTC library reads. Whoever made the two differ could stand in the middle of a connection unseen: by
 * U+2028 in another line, where a regular expression's lines begin and SDP's do not, by a lone CR, or by capital letters.
 */
export function sdpFingerprint(sdp: string): string | undefined {
  const mentions = sdp.match(/fingerprint\s*:[^\r\n\u2028\u2029]*/giu) ?? [];
  const [print, ...others] = new Set(mentions.map((mention) => mention.trimEnd().toUpperCase()));
  const [, hex] = /^FINGERPRINT:SHA-256 ([0-9A-F:]{95})$/.exec(print ?? "") ?? [];
  const isLine = sdp.split(/\r?\n/).some((line) => line.startsWith("a=fingerprint:sha-256 "));
  return isLine && others.length === 0 ? hex : undefined;
}

/** Lines that neither end of ours acts on: feedback about video, groups of streams, names of streams. */
const IDLE_LINES = /^a=(rtcp-fb:|group:LS|msid-semantic:|ssrc:\d+ (?!cname:))/;

/**
 * An SDP with nothing in it that could be left out, its lines ended by LF: inside two layers of JSON a CRLF takes six
 * characters. The frame that carries it then fits one packet on any path, and so passes a path MTU black hole too.
 */
export function slimSdp(sdp: string): string {
  return sdp
    .split(/\r?\n/)
    .filter((line) => !IDLE_LINES.test(line))
    .join("\n");
}
