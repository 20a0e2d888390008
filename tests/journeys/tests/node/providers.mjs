// The providers as other people's code plays them: WeChat Pay by `wechatpay-axios-plugin`, Alipay with the official
// `alipay-sdk` as judge of what is sent, CCB by Node's crypto. Reads {ours, theirs} from stdin, prints its port, and
// serves until it is killed.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, createSign } from 'node:crypto';
import { createServer } from 'node:http';
import { AlipaySdk } from 'alipay-sdk';
import plugin from 'wechatpay-axios-plugin';

const { Aes: { AesGcm }, Formatter, Rsa } = plugin;
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { ours, theirs } = JSON.parse(Buffer.concat(chunks));

const der = (text) => Buffer.from(text, 'base64');
const pkcs8 = (text) => createPrivateKey({ key: der(text), format: 'der', type: 'pkcs8' });
const wechat = theirs.wechat_pay;
const platform = pkcs8(wechat.public_key.private_key);
const merchantPublic = createPublicKey({ key: der(wechat.merchant_public_key), format: 'der', type: 'spki' });

const signed = (body) => {
  const [timestamp, nonce] = [String(Formatter.timestamp()), Formatter.nonce()];
  return {
    'Wechatpay-Timestamp': timestamp, 'Wechatpay-Nonce': nonce, 'Wechatpay-Serial': wechat.public_key.id,
    'Wechatpay-Signature': Rsa.sign(Formatter.response(timestamp, nonce, body), platform),
  };
};

// What one order is told to be, by each provider.
const yuan = (fen) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;
const callbacks = {
  'wechat-pay': ({ order, amount_fen }) => {
    const transaction = {
      appid: ours.wechat_pay.app_id, mchid: ours.wechat_pay.mch_id, out_trade_no: order, transaction_id: `4200${order}`,
      trade_state: 'SUCCESS', trade_type: 'MWEB', bank_type: 'OTHERS', success_time: '2026-11-24T10:00:00+08:00',
      payer: { openid: 'o-anybody' }, amount: { total: amount_fen, payer_total: amount_fen, currency: 'CNY', payer_currency: 'CNY' },
    };
    const nonce = Formatter.nonce(12);
    const body = JSON.stringify({
      id: `EV-${order}`, create_time: '2026-11-24T10:00:01+08:00', resource_type: 'encrypt-resource',
      event_type: 'TRANSACTION.SUCCESS', summary: '支付成功',
      resource: {
        original_type: 'transaction', algorithm: 'AEAD_AES_256_GCM', associated_data: 'transaction', nonce,
        ciphertext: AesGcm.encrypt(JSON.stringify(transaction), wechat.api_v3_key, nonce, 'transaction'),
      },
    });
    return { path: '/pay/wechat-pay/notifications', headers: { 'content-type': 'application/json', ...signed(body) }, body };
  },
  alipay: ({ order, amount_fen }) => {
    const fields = {
      notify_time: '2026-11-24 10:00:05', notify_type: 'trade_status_sync', notify_id: `n-${order}`, charset: 'utf-8', version: '1.0',
      app_id: theirs.alipay.app_id, seller_id: theirs.alipay.seller_id, trade_no: `2026112422${order.slice(10)}`, out_trade_no: order,
      trade_status: 'TRADE_SUCCESS', total_amount: yuan(amount_fen), subject: '罚款 100% + 1 & 2', gmt_payment: '2026-11-24 10:00:00',
      fund_bill_list: '[{"amount":"200.00","fundChannel":"ALIPAYACCOUNT"}]', voucher_detail_list: '',
    };
    const content = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`).join('&');
    const sign = createSign('RSA-SHA256').update(content, 'utf8').sign(pkcs8(theirs.alipay.private_key), 'base64');
    const form = { ...fields, sign, sign_type: 'RSA2' };
    const publicKey = createPublicKey(pkcs8(theirs.alipay.private_key)).export({ format: 'der', type: 'spki' }).toString('base64');
    const sdk = new AlipaySdk({ appId: theirs.alipay.app_id, privateKey: ours.alipay.app_private_key, keyType: 'PKCS8', alipayPublicKey: publicKey });
    assert(sdk.checkNotifySignV2(form), 'the official SDK takes what is sent');
    const body = new URLSearchParams(form).toString();
    return { path: '/pay/alipay/notifications', headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body };
  },
  ccb: ({ order, amount_fen }) => {
    const { pos_id, branch_id } = ours.ccb;
    const fields = [
      ['POSID', pos_id], ['BRANCHID', branch_id], ['ORDERID', order], ['PAYMENT', yuan(amount_fen)], ['CURCODE', '01'], ['REMARK1', ''],
      ['REMARK2', ''], ['ACC_TYPE', 'WX'], ['SUCCESS', 'Y'], ['TYPE', '1'], ['REFERER', 'https://a.example/?x=1'], ['CLIENTIP', '10.0.0.1'], ['ACCDATE', '20261124'],
    ];
    const content = fields.map(([name, value]) => `${name}=${value}`).join('&');
    const sign = createSign('RSA-MD5').update(content).sign(pkcs8(theirs.ccb.private_key), 'hex');
    const query = new URLSearchParams([...fields, ['SIGN', sign]]).toString();
    return { path: `/pay/ccb/notifications?${query}`, headers: {}, body: '' };
  },
};

// An order at WeChat Pay: the plugin's formatter and key say whether our Authorization is right.
const prepay = (request, body) => {
  const [scheme, attributes] = request.headers.authorization.split(/ (.*)/s);
  assert.equal(scheme, 'WECHATPAY2-SHA256-RSA2048');
  const named = Object.fromEntries([...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  assert.deepEqual([named.mchid, named.serial_no], [ours.wechat_pay.mch_id, ours.wechat_pay.merchant_serial]);
  assert(Math.abs(Number(named.timestamp) - Formatter.timestamp()) < 60);
  const message = Formatter.request(request.method, request.url, named.timestamp, named.nonce_str, body);
  assert(Rsa.verify(message, named.signature, merchantPublic), 'signature');
  assert.equal(request.headers['wechatpay-serial'], wechat.public_key.id);
  const order = JSON.parse(body);
  assert.deepEqual([order.appid, order.mchid, order.amount.currency], [ours.wechat_pay.app_id, ours.wechat_pay.mch_id, 'CNY']);
  return { h5_url: `http://127.0.0.1/checkmweb?prepay_id=wx${createHash('md5').update(order.out_trade_no).digest('hex')}&package=1` };
};

// The MAC of a page order (520100) as Node's md5 makes it, PUB in its place in the middle.
const mac = (fields) => {
  const pub = ours.ccb.public_key.slice(-30);
  const order = [
    'MERCHANTID', 'POSID', 'BRANCHID', 'ORDERID', 'PAYMENT', 'CURCODE', 'TXCODE', 'REMARK1', 'REMARK2', 'TYPE', 'PUB', 'GATEWAY',
    'CLIENTIP', 'REGINFO', 'PROINFO', 'REFERER', 'TIMEOUT',
  ];
  const content = order.map((name) => `${name}=${name === 'PUB' ? pub : fields[name]}`).join('&');
  return createHash('md5').update(content).digest('hex');
};

const answer = (request, body) => {
  if (request.url === '/callbacks') {
    const { provider, ...order } = JSON.parse(body);
    return callbacks[provider](order);
  }
  if (request.url === '/ccb-mac') {
    const fields = Object.fromEntries(new URLSearchParams(body));
    assert.equal(fields.TXCODE, '520100');
    return { mac: mac(fields), sent: fields.MAC };
  }
  assert.equal(request.url, '/v3/pay/transactions/h5');
  return prepay(request, body);
};

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    let [status, value] = [200, undefined];
    try {
      value = answer(request, Buffer.concat(parts).toString());
    } catch (error) {
      console.error(error);
      [status, value] = [500, { code: 'REFUSED', message: String(error) }];
    }
    const text = JSON.stringify(value);
    response.writeHead(status, { 'content-type': 'application/json', ...signed(text) }).end(text);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
