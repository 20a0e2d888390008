// A day's bill of Alipay's: asked for by the official SDK, unpacked by `fflate`, read as GBK by Node itself. Reads {origin,
// appId, keys, date, account, trades} from stdin; exits non-zero at the first claim that does not hold.
import assert from 'node:assert/strict';
import { AlipaySdk } from 'alipay-sdk';
import { unzipSync } from 'fflate';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { origin, appId, keys, date, account, trades } = JSON.parse(Buffer.concat(chunks));

const sdk = new AlipaySdk({
  appId, privateKey: keys.app.private, keyType: 'PKCS8', alipayPublicKey: keys.alipay.public, gateway: `${origin}/gateway.do`,
  camelcase: false,
});
const bizContent = { bill_type: 'trade', bill_date: date };
const answer = await sdk.exec('alipay.data.dataservice.bill.downloadurl.query', { bizContent }, { validateSign: true });
assert.equal(answer.code, '10000', JSON.stringify(answer));
const url = new URL(answer.bill_download_url);
assert.equal(url.pathname, '/downloadBillFile.resource');
const fetched = await fetch(url);
assert.equal(fetched.status, 200);
const archive = new Uint8Array(await fetched.arrayBuffer());
console.log('holds: the official SDK gets the address, and the address the file');

const gbk = new TextDecoder('gbk', { fatal: true });
const sizes = [];
const unpacked = unzipSync(archive, {
  filter: ({ originalSize, compression }) => {
    assert.equal(compression, 8);
    sizes.push(originalSize);
    return true;
  },
});
const texts = Object.entries(unpacked).map(([name, bytes]) => [gbk.decode(Buffer.from(name, 'latin1')), gbk.decode(bytes)]);
assert.deepEqual(Object.values(unpacked).map((bytes) => bytes.length), sizes);
// fflate checks no CRC: it is in the central directory, 16 bytes behind the mark.
const directory = Buffer.from(archive);
const crcs = [];
for (let at = directory.indexOf('PK\x01\x02'); at >= 0; at = directory.indexOf('PK\x01\x02', at + 4)) {
  crcs.push(directory.readUInt32LE(at + 16));
}
const crc = (bytes) => bytes.reduce((rest, byte) => {
  let sum = rest ^ byte;
  for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  return sum;
}, -1);
assert.deepEqual(Object.values(unpacked).map((bytes) => ~crc(bytes) >>> 0), crcs);
const day = date.replaceAll('-', '');
assert.deepEqual(texts.map(([name]) => name), [`${account}_${day}_业务明细.csv`, `${account}_${day}_业务明细(汇总).csv`]);
console.log('holds: the archive holds two files with names in GBK');

const [[, details], [, summary]] = texts;
const lines = details.split('\r\n');
assert.deepEqual(lines.slice(0, 2), ['#支付宝业务明细查询', `#账号：[${account}]`]);
const titles = lines[4].split(',');
assert.equal(titles.length, 25);
const end = lines.findIndex((line) => line.includes('业务明细列表结束'));
const rows = lines.slice(5, end).map((line) => {
  const cells = [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))\t?(?:,|$)/g)].slice(0, 25)
    .map(([, quoted, plain]) => (quoted ?? plain).trim());
  return Object.fromEntries(titles.map((title, place) => [title, cells[place]]));
});
const seen = rows.map((row) => [
  row['支付宝交易号'], row['商户订单号'], row['业务类型'], row['订单金额（元）'], row['退款批次号/请求号'],
]);
assert.deepEqual(seen.sort(), trades.sort());
for (const row of rows) assert.ok(row['完成时间'].startsWith(date), row['完成时间']);
const yuan = (kind) => rows.filter((row) => row['业务类型'] === kind).map((row) => Math.round(Number(row['商家实收（元）']) * 100));
const total = (fens) => (fens.reduce((sum, fen) => sum + fen, 0) / 100).toFixed(2);
assert.deepEqual(lines.slice(end + 1, end + 3), [
  `#交易合计：${yuan('交易').length}笔，商家实收共${total(yuan('交易'))}元，商家优惠共0.00元`,
  `#退款合计：${yuan('退款').length}笔，商家实收退款共${total(yuan('退款'))}元，商家优惠退款共0.00元`,
]);
assert.match(lines[end + 3], /^#导出时间：\[\d{4}年\d\d月\d\d日 \d\d:\d\d:\d\d\]$/);
assert.equal(lines.at(-1), '');
assert.match(summary, /\r\n合计\t,\t,2,1,/);
console.log('holds: rows and totals are the payments and refunds of the day');
