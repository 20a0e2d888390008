// A day's bill, fetched and read by `wechatpay-axios-plugin`. Reads {origin, merchant, keys, date, timestamp} from stdin; exits
// non-zero at the first claim that does not hold.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import plugin from 'wechatpay-axios-plugin';

const { Formatter, Rsa } = plugin;

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { origin, merchant, keys, date, timestamp } = JSON.parse(Buffer.concat(chunks));
const key = createPrivateKey({ key: Buffer.from(keys.merchant.private, 'base64'), format: 'der', type: 'pkcs8' });

const get = async (target) => {
  const nonce = Formatter.nonce();
  const signature = Rsa.sign(Formatter.request('GET', target, timestamp, nonce), key);
  const answer = await fetch(origin + target, {
    headers: {
      accept: 'application/json',
      authorization: Formatter.authorization(merchant.mch_id, nonce, signature, timestamp, merchant.merchant_serial),
    },
  });
  assert.equal(answer.status, 200);
  return answer;
};

const made = await (await get(`/v3/bill/tradebill?bill_date=${date}&bill_type=ALL&tar_type=GZIP`)).json();
const url = new URL(made.download_url);
assert.deepEqual([url.origin, url.pathname, made.hash_type], [origin, '/v3/billdownload/file', 'SHA1']);
const answer = await get(url.pathname + url.search);
assert.equal(answer.headers.get('wechatpay-signature'), null);
const file = gunzipSync(Buffer.from(await answer.arrayBuffer()));
assert.equal(createHash('sha1').update(file).digest('hex'), made.hash_value);
console.log('holds: the hash is that of the file without its compression');

const { rows, summary } = Formatter.castCsvBill(file);
assert.deepEqual(rows.map((row) => Object.keys(row).length), [27, 27, 27, 27]);
const refund = rows.find((row) => row['交易状态'] === 'REFUND');
assert.deepEqual(
  [refund['商户号'], refund['商户退款单号'], refund['退款金额'], refund['退款状态'], refund['手续费'], refund['商品名称']],
  [merchant.mch_id, 'R1', '6.00', 'SUCCESS', '-0.04000', '交通罚款'],
);
const paid = rows.find((row) => row['商户订单号'] === 'T00001');
assert.deepEqual(
  [paid['交易状态'], paid['交易类型'], paid['应结订单金额'], paid['费率'], paid['商户数据包'], paid['货币种类']],
  ['SUCCESS', 'MWEB', '206.00', '0.60%', 'decision', 'CNY'],
);
assert.match(paid['交易时间'], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
assert.deepEqual([summary['总交易单数'], summary['订单总金额'], summary['退款总金额']], ['4', '618.00', '6.00']);
console.log('holds: the file is read as the real one is');
