// The official SDK against the sandbox. Reads {origin, appId, sellerId, keys} from stdin; exits non-zero at the first claim
// that does not hold.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { AlipaySdk } from 'alipay-sdk';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { origin, appId, sellerId, keys } = JSON.parse(Buffer.concat(chunks));

const sdkWith = (privateKey) => new AlipaySdk({
  appId, privateKey, keyType: 'PKCS8', alipayPublicKey: keys.alipay.public, gateway: `${origin}/gateway.do`, camelcase: false,
});
const sdk = sdkWith(keys.app.private);
const stranger = sdkWith(keys.stranger.private);
const exec = (method, bizContent) => sdk.exec(method, { bizContent }, { validateSign: true });

const received = [];
let arrival = () => {};
const merchant = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    received.push({ type: request.headers['content-type'], body: Buffer.concat(parts).toString() });
    response.end('success');
    arrival();
  });
});
await new Promise((done) => merchant.listen(0, '127.0.0.1', done));
const notifyUrl = `http://127.0.0.1:${merchant.address().port}/notify`;
const notification = async () => {
  if (received.length === 0) await new Promise((done) => { arrival = done; });
  const { type, body } = received.shift();
  assert.equal(type, 'application/x-www-form-urlencoded; charset=utf-8');
  return Object.fromEntries(new URLSearchParams(body));
};

const out_trade_no = 'ZT_judge_1';
const subject = '交通罚款 100% + 滞纳金 "甲"';
const order = {
  notify_url: notifyUrl,
  return_url: 'http://127.0.0.1:9/back?ticket=1',
  bizContent: { product_code: 'QUICK_WAP_WAY', out_trade_no, total_amount: '206.00', subject, quit_url: 'http://127.0.0.1:9/quit' },
};
const open = async (client, method) => {
  const made = client.pageExecute('alipay.trade.wap.pay', method, order);
  if (method === 'GET') return fetch(made);
  // As a browser would: every input, with the HTML undone.
  const text = (html) => html.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  const [, action] = made.match(/action="([^"]+)"/);
  const inputs = [...made.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, text(value)]);
  return fetch(text(action), { method: 'POST', body: new URLSearchParams(inputs) });
};

const claims = {
  async 'a trade is unknown before the payer opens the cashier'() {
    const answer = await exec('alipay.trade.query', { out_trade_no });
    assert.deepEqual([answer.code, answer.sub_code], ['40004', 'ACQ.TRADE_NOT_EXIST']);
  },
  async 'a stranger is refused by the gateway and by the cashier'() {
    const answer = await stranger.exec('alipay.trade.query', { bizContent: { out_trade_no } }, { validateSign: true });
    assert.deepEqual([answer.code, answer.sub_code], ['40002', 'isv.invalid-signature']);
    assert.equal((await open(stranger, 'GET')).headers.get('x-sandbox-error'), 'isv.invalid-signature');
  },
  async 'the cashier opens by GET and by POST'() {
    for (const method of ['GET', 'POST']) {
      const page = await open(sdk, method);
      assert.equal(page.headers.get('x-sandbox-error'), null, method);
      const html = await page.text();
      assert.match(html, /模拟收银台/);
      assert.match(html, /206\.00/);
    }
    const answer = await exec('alipay.trade.query', { out_trade_no });
    assert.deepEqual([answer.code, answer.trade_status, answer.total_amount], ['10000', 'WAIT_BUYER_PAY', '206.00']);
  },
  async 'paying leads back with a signature that the SDK accepts, and no status'() {
    const html = await (await open(sdk, 'GET')).text();
    const action = html.match(/action="([^"]+)"/)[1];
    const answer = await fetch(origin + action, { method: 'POST', redirect: 'manual' });
    assert.equal(answer.status, 303);
    const location = new URL(answer.headers.get('location'));
    assert.equal(location.searchParams.get('ticket'), '1');
    const fields = Object.fromEntries(location.searchParams);
    delete fields.ticket;
    assert.equal(sdk.checkNotifySignV2(fields), true);
    assert.equal(sdk.checkNotifySignV2({ ...fields, total_amount: '0.01' }), false);
    assert.equal('trade_status' in fields, false);
    assert.equal(fields.method, 'alipay.trade.wap.pay.return');
  },
  async 'the notification verifies as it came, and not when it is changed'() {
    const fields = await notification();
    assert.equal(sdk.checkNotifySignV2(fields), true);
    for (const name of Object.keys(fields).filter((name) => !['sign', 'sign_type'].includes(name))) {
      assert.equal(sdk.checkNotifySignV2({ ...fields, [name]: `${fields[name]}1` }), false, name);
    }
    const { sign_type, ...without } = fields;
    assert.equal(sign_type, 'RSA2');
    assert.equal(sdk.checkNotifySignV2(without), true);
    assert.equal(fields.subject, subject);
    assert.equal(fields.trade_status, 'TRADE_SUCCESS');
    assert.deepEqual([fields.app_id, fields.seller_id, fields.total_amount], [appId, sellerId, '206.00']);
    assert.match(fields.trade_no, /^\d{28}$/);
    assert.deepEqual(JSON.parse(fields.fund_bill_list), [{ amount: '206.00', fundChannel: 'ALIPAYACCOUNT' }]);
  },
  async 'a paid trade is not closed'() {
    const answer = await exec('alipay.trade.close', { out_trade_no });
    assert.deepEqual([answer.code, answer.sub_code], ['40004', 'ACQ.TRADE_STATUS_ERROR']);
  },
  async 'a part is refunded once, and told'() {
    const refund = { out_trade_no, refund_amount: '6.00', out_request_no: 'R1', refund_reason: '多缴' };
    const first = await exec('alipay.trade.refund', refund);
    assert.deepEqual([first.code, first.fund_change, first.refund_fee], ['10000', 'Y', '6.00']);
    const again = await exec('alipay.trade.refund', refund);
    assert.deepEqual([again.code, again.fund_change, again.refund_fee], ['10000', 'N', '6.00']);
    const fields = await notification();
    assert.equal(sdk.checkNotifySignV2(fields), true);
    assert.deepEqual([fields.trade_status, fields.refund_fee, fields.out_biz_no], ['TRADE_SUCCESS', '6.00', 'R1']);
    assert.equal((await exec('alipay.trade.query', { out_trade_no })).trade_status, 'TRADE_SUCCESS');
  },
  async 'the same refund number with another amount, and more than is left, are refused'() {
    const refund = (refund_amount, out_request_no) => exec('alipay.trade.refund', { out_trade_no, refund_amount, out_request_no });
    assert.equal((await refund('7.00', 'R1')).sub_code, 'ACQ.DISCORDANT_REPEAT_REQUEST');
    assert.equal((await refund('200.01', 'R2')).sub_code, 'ACQ.REASON_TRADE_REFUND_FEE_ERR');
    assert.equal((await refund('200.00')).sub_code, 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL');
  },
  async 'a refund is found by its number, and another is not'() {
    const query = (out_request_no) => exec('alipay.trade.fastpay.refund.query', { out_trade_no, out_request_no });
    const found = await query('R1');
    assert.deepEqual([found.code, found.refund_status, found.refund_amount], ['10000', 'REFUND_SUCCESS', '6.00']);
    const other = await query('R2');
    assert.deepEqual([other.code, other.refund_status], ['10000', undefined]);
  },
  async 'the rest refunded closes the trade'() {
    const answer = await exec('alipay.trade.refund', { out_trade_no, refund_amount: 200, out_request_no: 'R3' });
    assert.deepEqual([answer.code, answer.fund_change, answer.refund_fee], ['10000', 'Y', '206.00']);
    const fields = await notification();
    assert.deepEqual([fields.trade_status, fields.refund_fee, fields.out_biz_no], ['TRADE_CLOSED', '206.00', 'R3']);
    assert.ok(fields.gmt_refund && fields.gmt_payment);
    assert.equal((await exec('alipay.trade.query', { out_trade_no })).trade_status, 'TRADE_CLOSED');
  },
  async 'an unpaid trade is closed, told, and not payable any more'() {
    order.bizContent.out_trade_no = 'ZT_judge_2';
    await open(sdk, 'GET');
    const answer = await exec('alipay.trade.close', { out_trade_no: 'ZT_judge_2' });
    assert.equal(answer.code, '10000');
    const fields = await notification();
    assert.equal(fields.trade_status, 'TRADE_CLOSED');
    assert.equal('gmt_refund' in fields || 'gmt_payment' in fields, false);
    assert.equal((await open(sdk, 'GET')).headers.get('x-sandbox-error'), 'ACQ.TRADE_HAS_CLOSE');
  },
  async 'an answer with a bad signature is refused by the SDK'() {
    await fetch(`${origin}/control/alipay/faults`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ gateway: 'bad-signature', gateway_calls: 1 }),
    });
    await assert.rejects(exec('alipay.trade.query', { out_trade_no }), /验签失败/);
    assert.equal((await exec('alipay.trade.query', { out_trade_no })).code, '10000');
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
merchant.close();
process.exit(0);
