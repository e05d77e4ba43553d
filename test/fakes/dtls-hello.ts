/** What a DTLS 1.2 ServerHello settled (RFC 6347; RFC 5246, section 7.4.1.3; RFC 5764, section 4.1.1). */
export interface DtlsChoice {
  /** 0xfefd is DTLS 1.2. */
  readonly version: number;
  /** IANA's "TLS Cipher Suites". */
  readonly cipherSuite: number;
  /** IANA's "DTLS-SRTP Protection Profiles"; undefined when none was settled. */
  readonly srtpProfile: number | undefined;
}

const HANDSHAKE_RECORD = 22;
const SERVER_HELLO = 2;
const USE_SRTP = 14;
const RECORD_HEADER_BYTES = 13;
const HANDSHAKE_HEADER_BYTES = 12;
const RANDOM_BYTES = 32;

/** The choice in a datagram that holds a whole ServerHello; undefined of any other. It is sent before anything is encrypted. */
export function readServerHello(datagram: Buffer): DtlsChoice | undefined {
  for (let at = 0; at + RECORD_HEADER_BYTES + HANDSHAKE_HEADER_BYTES <= datagram.length; ) {
    const body = at + RECORD_HEADER_BYTES;
    const end = body + datagram.readUInt16BE(at + 11);
    const isPlain = datagram.readUInt16BE(at + 3) === 0;
    if (datagram[at] !== HANDSHAKE_RECORD || end > datagram.length) return undefined;
    if (isPlain && datagram[body] === SERVER_HELLO)
      return choiceOf(datagram.subarray(body + HANDSHAKE_HEADER_BYTES, end));
    at = end;
  }
  return undefined;
}

function choiceOf(hello: Buffer): DtlsChoice {
  const session = 2 + RANDOM_BYTES;
  const suite = session + 1 + hello.readUInt8(session);
  let srtpProfile: number | undefined;
  const extensions = suite + 2 + 1 + 2;
  for (let at = extensions; at + 4 <= hello.length; at += 4 + hello.readUInt16BE(at + 2)) {
    // A list of one profile, after its length.
    if (hello.readUInt16BE(at) === USE_SRTP) srtpProfile = hello.readUInt16BE(at + 6);
  }
  return { version: hello.readUInt16BE(0), cipherSuite: hello.readUInt16BE(suite), srtpProfile };
}
