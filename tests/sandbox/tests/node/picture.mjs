// Node's zlib against a picture. Reads a `data:` URL from stdin and prints width, height and the number of bytes of its
// pixels; exits non-zero if it is no PNG with a palette.
import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const [head, body] = Buffer.concat(chunks).toString().split(',');
assert.equal(head, 'data:image/png;base64');
const png = Buffer.from(body, 'base64');
assert.equal(png.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');

// PNG, annex D: bit by bit, without a table.
const crc = (bytes) => {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = (rest & 1 ? 0xedb88320 : 0) ^ (rest >>> 1);
  }
  return (rest ^ 0xffffffff) >>> 0;
};

const parts = {};
for (let at = 8; at < png.length; ) {
  const length = png.readUInt32BE(at);
  const part = png.subarray(at + 4, at + 8 + length);
  assert.equal(png.readUInt32BE(at + 8 + length), crc(part));
  parts[part.subarray(0, 4).toString('latin1')] = part.subarray(4);
  at += 12 + length;
}
assert.deepEqual(Object.keys(parts), ['IHDR', 'PLTE', 'IDAT', 'IEND']);
assert.deepEqual([...parts.IHDR.subarray(8)], [8, 3, 0, 0, 0]);
const rows = inflateSync(parts.IDAT);
assert.ok(Math.max(...rows) < parts.PLTE.length / 3);
console.log(JSON.stringify([parts.IHDR.readUInt32BE(0), parts.IHDR.readUInt32BE(4), rows.length]));
