// @ts-check
/** The files in which Windows and macOS keep an icon in several sizes. Both hold whole PNGs. */

/**
 * ICO: a folder of images. PNGs in it are understood since Windows Vista.
 * @param {readonly {size: number, png: Uint8Array}[]} images of up to 256 pixels
 */
export function ico(images) {
  const HEAD = 6;
  const ENTRY = 16;
  const head = Buffer.alloc(HEAD + images.length * ENTRY);
  head.writeUInt16LE(1, 2); // an icon, not a cursor
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  images.forEach(({ size, png }, n) => {
    const at = HEAD + n * ENTRY;
    // One byte each; 0 stands for 256.
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4); // colour planes
    head.writeUInt16LE(32, at + 6); // bits a pixel
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([head, ...images.map(({ png }) => png)]);
}

/** Types of ICNS that hold a PNG, by its pixels. The second of a size is the one for "Retina" at half the points. */
const ICNS_TYPES = /** @type {const} */ ([
  ["icp4", 16],
  ["icp5", 32],
  ["ic07", 128],
  ["ic08", 256],
  ["ic09", 512],
  ["ic10", 1024],
  ["ic11", 32],
  ["ic12", 64],
  ["ic13", 256],
  ["ic14", 512],
]);

/**
 * ICNS: chunks of a type, a length (with these eight bytes) and a content, in one chunk that has no type but "icns".
 * @param {ReadonlyMap<number, Uint8Array>} images PNGs by their pixels
 */
export function icns(images) {
  const chunk = (/** @type {string} */ type, /** @type {readonly Uint8Array[]} */ parts) => {
    const content = Buffer.concat(parts);
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32BE(head.length + content.length, 4);
    return Buffer.concat([head, content]);
  };
  const chunks = ICNS_TYPES.flatMap(([type, size]) => {
    const png = images.get(size);
    return png ? [chunk(type, [png])] : [];
  });
  return chunk("icns", chunks);
}
