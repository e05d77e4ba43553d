// What every JavaScript runtime we target has (browsers, Node, Electron) and the ES library does not declare.
// shared/ is compiled with nothing else in scope, which is what keeps it free of node:* and the DOM.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
declare function queueMicrotask(task: () => void): void;
