// `wechatpay-axios-plugin` against the sandbox. Reads {origin, merchant, sandbox, keys} from stdin; exits non-zero at the first
// claim that does not hold.
import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import plugin from 'wechatpay-axios-plugin';

const { Aes: { AesGcm }, Formatter, Rsa, Wechatpay } = plugin;

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { origin, merchant, sandbox, keys } = JSON.parse(Buffer.concat(chunks));

const privateKey = (owner) => createPrivateKey({ key: Buffer.from(keys[owner].private, 'base64'), format: 'der', type: 'pkcs8' });
const publicKey = (owner) => createPublicKey({ key: Buffer.from(keys[owner].public, 'base64'), format: 'der', type: 'spki' });
const platform = new X509Certificate(Buffer.from(sandbox.certificates[0].certificate, 'base64'));
const publicKeyId = merchant.public_keys[0].id;
const certs = { [platform.serialNumber]: publicKey('platform'), [publicKeyId]: publicKey('publicMode') };

const client = (settings = {}) => new Wechatpay({
  baseURL: `${origin}/`, mchid: merchant.mch_id, serial: merchant.merchant_serial, privateKey: privateKey('merchant'), certs, ...settings,
});
const wxpay = client();
const inPublicKeyMode = { headers: { 'Wechatpay-Serial': publicKeyId } };
const post = (path, data, config) => wxpay.client.request(`v3/${path}`, 'POST', data, config);
const get = (path, params, config, by = wxpay) => by.client.request(`v3/${path}`, 'GET', undefined, { params, ...config });
const refused = async (call, status, code) => {
  const error = await call.then(() => assert.fail('accepted'), (error) => error);
  assert.deepEqual([error.response?.status, error.response?.data?.code], [status, code], error.message);
};

const received = [];
let arrival = () => {};
let status = 204;
const shop = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(status).end();
    arrival();
  });
});
await new Promise((done) => shop.listen(0, '127.0.0.1', done));
const notifyUrl = `http://127.0.0.1:${shop.address().port}/notify`;
const notification = async () => {
  if (received.length === 0) await new Promise((done) => { arrival = done; });
  return received.shift();
};
const verifies = ({ headers, body }) => Rsa.verify(
  Formatter.response(headers['wechatpay-timestamp'], headers['wechatpay-nonce'], body),
  headers['wechatpay-signature'],
  certs[headers['wechatpay-serial']],
);
const opened = ({ ciphertext, nonce, associated_data }, key = merchant.api_v3_key) => AesGcm.decrypt(ciphertext, key, nonce, associated_data);
const control = async (path, body = {}) => {
  const answer = await fetch(`${origin}/control/wechat/${path}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, path);
  return answer.json();
};

const order = (out_trade_no, more = {}) => ({
  appid: merchant.app_id,
  mchid: merchant.mch_id,
  description: '交通罚款 100% + 滞纳金 "甲"',
  out_trade_no,
  time_expire: new Date(Date.now() + 3600e3).toISOString(),
  attach: '甲/乙',
  notify_url: notifyUrl,
  amount: { total: 20600, currency: 'CNY' },
  ...more,
});
const scene_info = { payer_client_ip: '203.0.113.17', h5_info: { type: 'Wap' } };
let transaction;

const claims = {
  async 'a stranger is refused, and a serial number that is not the merchant\'s'() {
    const params = { mchid: merchant.mch_id };
    const query = (settings) => get('pay/transactions/out-trade-no/T00001', params, {}, client(settings));
    await refused(query({ privateKey: privateKey('stranger') }), 401, 'SIGN_ERROR');
    await refused(query({ serial: '0000' }), 401, 'SIGN_ERROR');
    await refused(query({ mchid: '1900000001' }), 401, 'SIGN_ERROR');
    await refused(query(), 404, 'ORDER_NOT_EXIST');
  },
  async 'orders are taken in each way, and the answers verify under either key'() {
    const { data: h5 } = await post('pay/transactions/h5', order('T_judge_h5', { scene_info }));
    assert.match(h5.h5_url, /^http:.*prepay_id=wx\w{34}&package=\d+$/);
    const { data: native, headers } = await post('pay/transactions/native', order('T_judge_native'), inPublicKeyMode);
    assert.match(native.code_url, /^weixin:\/\/wxpay\/bizpayurl\?pr=\w+$/);
    assert.equal(headers['wechatpay-serial'], publicKeyId);
    assert.match(headers['request-id'], /^\w+$/);
  },
  async 'an answer whose signature is wrong or a probe is refused'() {
    for (const gateway of ['bad-signature', 'signature-probe']) {
      await control('faults', { gateway, gateway_calls: 1 });
      const call = get('pay/transactions/out-trade-no/T_judge_h5', { mchid: merchant.mch_id });
      await assert.rejects(call, ({ code }) => code === 'EV3_RES_HEADER_SIGNATURE_DIGEST', gateway);
    }
  },
  async 'certificates come sealed, are real, and their keys have signed'() {
    const { data: { data: [first, ...others] }, headers } = await get('certificates');
    assert.equal(others.length, 0);
    const certificate = new X509Certificate(opened(first.encrypt_certificate));
    assert.match(first.serial_no, /^[0-9A-F]{40}$/);
    assert.equal(certificate.serialNumber, first.serial_no);
    assert.equal(headers['wechatpay-serial'], first.serial_no);
    assert.ok(certificate.verify(certificate.publicKey), 'signed by itself');
    assert.ok(certificate.publicKey.equals(publicKey('platform')));
    assert.equal(certificate.publicKey.asymmetricKeyDetails.modulusLength, 2048);
    assert.equal(Date.parse(first.effective_time), Date.parse(certificate.validFrom));
    assert.equal(Date.parse(first.expire_time), Date.parse(certificate.validTo));
    assert.throws(() => opened(first.encrypt_certificate, '0'.repeat(32)));
  },
  async 'a page pays with the signature that the plugin makes'() {
    const payer = { openid: 'oPayerWhoHasOrdered000000001' };
    const { data: { prepay_id } } = await post('pay/transactions/jsapi', order('T_judge_jsapi', { payer }));
    const request = { appId: merchant.app_id, timeStamp: `${Formatter.timestamp()}`, nonceStr: Formatter.nonce(), package: `prepay_id=${prepay_id}` };
    const paySign = Rsa.sign(Formatter.joinedByLineFeed(request.appId, request.timeStamp, request.nonceStr, request.package), privateKey('merchant'));
    const pay = async (more) => (await fetch(`${origin}/wechat/jsapi/pay`, {
      method: 'POST', body: JSON.stringify({ ...request, signType: 'RSA', paySign, ...payer, ...more }),
    })).json();
    assert.equal((await pay({ nonceStr: '1' })).err_code, 'SIGN_ERROR');
    assert.equal((await pay()).err_msg, 'get_brand_wcpay_request:ok');
  },
  async 'the notification verifies as it came, and not when it is changed'() {
    const told = await notification();
    const { headers, body } = told;
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['wechatpay-signature-type'], 'WECHATPAY2-SHA256-RSA2048');
    assert.ok(verifies(told));
    assert.equal(verifies({ headers, body: `${body} ` }), false);
    for (const name of ['wechatpay-timestamp', 'wechatpay-nonce']) {
      assert.equal(verifies({ headers: { ...headers, [name]: `${headers[name]}1` }, body }), false, name);
    }
    const envelope = JSON.parse(body);
    assert.deepEqual(
      [envelope.event_type, envelope.resource_type, envelope.resource.algorithm, envelope.resource.original_type],
      ['TRANSACTION.SUCCESS', 'encrypt-resource', 'AEAD_AES_256_GCM', 'transaction'],
    );
    assert.ok(envelope.id.length <= 36);
    assert.throws(() => opened({ ...envelope.resource, associated_data: '' }));
    transaction = JSON.parse(opened(envelope.resource));
    assert.deepEqual(
      [transaction.appid, transaction.mchid, transaction.out_trade_no, transaction.trade_type, transaction.trade_state, transaction.attach],
      [merchant.app_id, merchant.mch_id, 'T_judge_jsapi', 'JSAPI', 'SUCCESS', '甲/乙'],
    );
    assert.deepEqual(transaction.amount, { total: 20600, payer_total: 20600, currency: 'CNY', payer_currency: 'CNY' });
    assert.match(transaction.success_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/);
  },
  async 'a query by either number tells the same'() {
    const params = { mchid: merchant.mch_id };
    assert.deepEqual((await get('pay/transactions/out-trade-no/T_judge_jsapi', params)).data, transaction);
    assert.deepEqual((await get(`pay/transactions/id/${transaction.transaction_id}`, params, inPublicKeyMode)).data, transaction);
  },
  async 'a scanned code pays, and a probe comes before the notification'() {
    const { data: { code_url } } = await post('pay/transactions/native', order('T_judge_scanned'));
    await control('faults', { probe_notifications: 1, callback_key: 'alternating' });
    status = 500;
    const answer = await fetch(`${origin}/wechat/native/pay`, { method: 'POST', body: JSON.stringify({ code_url }) });
    assert.equal(answer.status, 200);
    const [probe, refused, taken] = [await notification(), await notification(), (status = 200, await notification())];
    assert.match(probe.headers['wechatpay-signature'], /^WECHATPAY\/SIGNTEST\//);
    assert.equal(verifies(probe), false);
    assert.ok(verifies(refused) && verifies(taken));
    assert.equal(JSON.parse(refused.body).id, JSON.parse(taken.body).id);
    assert.deepEqual(
      [probe, refused, taken].map(({ headers }) => headers['wechatpay-serial'] === publicKeyId),
      [true, false, true],
    );
    await control('faults');
  },
  async 'a part is refunded once, and told'() {
    const refund = (out_refund_no, fen, more) => post('refund/domestic/refunds', {
      transaction_id: transaction.transaction_id, out_refund_no, reason: '多缴', notify_url: notifyUrl,
      amount: { refund: fen, total: 20600, currency: 'CNY' }, ...more,
    });
    const { data: first } = await refund('R_judge_1', 600);
    assert.equal(first.status, 'PROCESSING');
    const told = await notification();
    assert.ok(verifies(told));
    const done = JSON.parse(opened(JSON.parse(told.body).resource));
    assert.deepEqual([done.refund_status, done.refund_id, done.amount.refund], ['SUCCESS', first.refund_id, 600]);
    const { data: again } = await refund('R_judge_1', 600);
    assert.deepEqual([again.refund_id, again.status, again.success_time], [first.refund_id, 'SUCCESS', done.success_time]);
    assert.deepEqual((await get('refund/domestic/refunds/R_judge_1')).data, again);
    await refused(refund('R_judge_1', 601), 400, 'INVALID_REQUEST');
    await refused(refund('R_judge_2', 20001), 400, 'INVALID_REQUEST');
    await refused(get('refund/domestic/refunds/R_judge_2'), 404, 'RESOURCE_NOT_EXISTS');
  },
  async 'an order is closed with an empty answer that verifies'() {
    const close = () => post('pay/transactions/out-trade-no/T_judge_h5/close', { mchid: merchant.mch_id });
    const answer = await close();
    assert.deepEqual([answer.status, answer.data], [204, '']);
    await refused(close(), 400, 'ORDER_CLOSED');
    const { data } = await get('pay/transactions/out-trade-no/T_judge_h5', { mchid: merchant.mch_id });
    assert.equal(data.trade_state, 'CLOSED');
  },
  async 'a number is signed as it stands in the path'() {
    await post('pay/transactions/native', order('T|judge*1'));
    const { data } = await get('pay/transactions/out-trade-no/T%7Cjudge*1', { mchid: merchant.mch_id });
    assert.equal(data.out_trade_no, 'T|judge*1');
  },
  async 'the bill of a day that is not over is not there'() {
    const bill_date = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
    await refused(get('bill/tradebill', { bill_date, bill_type: 'ALL', tar_type: 'GZIP' }), 400, 'STATEMENT_CREATING');
  },
  async 'fresh numbers look like the real ones'() {
    assert.match(merchant.app_id, /^wx[0-9a-f]{16}$/);
    assert.match(merchant.mch_id, /^\d{10}$/);
    assert.match(merchant.merchant_serial, /^[0-9A-F]{40}$/);
    assert.match(merchant.api_v3_key, /^[\x21-\x7e]{32}$/);
    assert.match(publicKeyId, /^PUB_KEY_ID_\d+$/);
    assert.match(transaction.transaction_id, /^\d{28}$/);
  },
};
for (const [claim, holds] of Object.entries(claims)) {
  try {
    await holds();
  } catch (error) {
    console.error(`does not hold: ${claim}`);
    console.error(error);
    process.exit(1);
  }
  console.log(`holds: ${claim}`);
}
process.exit(0);
