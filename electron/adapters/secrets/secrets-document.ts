import * as v from "valibot";

/** What both file stores hold once they are open: names and their secrets. */
export type Secrets = ReadonlyMap<string, string>;

// Not v.record: it drops names such as "constructor", and a secret must never be dropped.
const isSecrets = (value: unknown): value is Record<string, string> =>
  typeof value === "object" && value !== null && Object.values(value).every((secret) => typeof secret === "string");
const documentSchema = v.object({ v: v.literal(1), secrets: v.custom<Record<string, string>>(isSecrets) });

export function secretsToJson(secrets: Secrets): string {
  return `${JSON.stringify({ v: 1, secrets: Object.fromEntries(secrets) }, null, 2)}\n`;
}

/** Undefined when the text is not a document of ours. Never a reason: the reason would quote the content. */
export function secretsFromJson(text: string): Secrets | undefined {
  try {
    return new Map(Object.entries(v.parse(documentSchema, JSON.parse(text)).secrets));
  } catch {
    return undefined;
  }
}
