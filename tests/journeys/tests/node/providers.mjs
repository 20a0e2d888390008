// The providers as other people's code plays them: WeChat Pay by `wechatpay-axios-plugin`, Alipay with the official
// `alipay-sdk` as judge of what is sent, CCB by Node's crypto. Reads {ours, theirs} from stdin, prints its port, and
// serves until it is killed.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, createSign, X509Certificate } from 'node:crypto';
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
// The two modes of WeChat Pay, both live at once: a public key, and a platform certificate.
const platform = {
  'public-key': { serial: wechat.public_key.id, key: pkcs8(wechat.public_key.private_key) },
};
for (const { certificate, private_key } of wechat.certificates) {
  const x509 = new X509Certificate(der(certificate));
  platform.certificate = { serial: x509.serialNumber, key: pkcs8(private_key), x509 };
}
const merchantPublic = createPublicKey({ key: der(wechat.merchant_public_key), format: 'der', type: 'spki' });

// Whoever tests moves the clock.
let aheadS = 0;
const now = () => Formatter.timestamp() + aheadS;

const signed = (body, mode = 'public-key') => {
  const { serial, key } = platform[mode];
  const [timestamp, nonce] = [String(now()), Formatter.nonce()];
  return {
    'Wechatpay-Timestamp': timestamp, 'Wechatpay-Nonce': nonce, 'Wechatpay-Serial': serial,
    'Wechatpay-Signature': Rsa.sign(Formatter.response(timestamp, nonce, body), key),
  };
};

const sealed = (text, associated_data) => {
  const nonce = Formatter.nonce(12);
  const ciphertext = AesGcm.encrypt(text, wechat.api_v3_key, nonce, associated_data);
  return { algorithm: 'AEAD_AES_256_GCM', associated_data, nonce, ciphertext };
};

// A notification of WeChat Pay about a `transaction` or a `refund`.
const notification = (id, original_type, summary, resource, mode) => {
  const body = JSON.stringify({
    id, create_time: '2026-11-24T10:00:01+08:00', resource_type: 'encrypt-resource',
    event_type: `${original_type.toUpperCase()}.SUCCESS`, summary,
    resource: { original_type, ...sealed(JSON.stringify(resource), original_type) },
  });
  return { path: '/pay/wechat-pay/notifications', headers: { 'content-type': 'application/json', ...signed(body, mode) }, body };
};

const OPENID = 'o-anybody';
const transaction = (order, amount_fen) => ({
  appid: ours.wechat_pay.app_id, mchid: ours.wechat_pay.mch_id, out_trade_no: order, transaction_id: `4200${order}`,
  trade_state: 'SUCCESS', trade_type: 'MWEB', bank_type: 'OTHERS', success_time: '2026-11-24T10:00:00+08:00',
  payer: { openid: OPENID }, amount: { total: amount_fen, payer_total: amount_fen, currency: 'CNY', payer_currency: 'CNY' },
});

const alipayPublic = createPublicKey(pkcs8(theirs.alipay.private_key)).export({ format: 'der', type: 'spki' }).toString('base64');
const sdk = new AlipaySdk({
  appId: theirs.alipay.app_id, privateKey: ours.alipay.app_private_key, keyType: 'PKCS8', alipayPublicKey: alipayPublic,
});

// What one order is told to be, by each provider.
const yuan = (fen) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;
const callbacks = {
  'wechat-pay': ({ order, amount_fen, mode }) =>
    notification(`EV-${order}`, 'transaction', '支付成功', transaction(order, amount_fen), mode),
  'wechat-pay-refund': ({ order }) => {
    const { refund_id, out_refund_no, amount } = refunds.get(`R${order}`);
    const resource = {
      mchid: ours.wechat_pay.mch_id, out_trade_no: order, transaction_id: `4200${order}`, out_refund_no, refund_id,
      refund_status: 'SUCCESS', success_time: '2026-11-24T11:00:00+08:00', user_received_account: '招商银行信用卡0403',
      amount: { ...amount, payer_total: amount.total, payer_refund: amount.refund },
    };
    return notification(`EV-${out_refund_no}`, 'refund', '退款成功', resource);
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

// What was asked at each provider and found to be signed as its client signs: `WeChat Pay` and `Alipay` with the call.
const asked = [];
// By order: how it is said to stand, and its amount in fen.
const trades = new Map();
// At WeChat Pay, by our number.
const refunds = new Map();

// A call of WeChat Pay: the plugin's formatter and key say whether our Authorization is right.
const authorized = (request, body) => {
  const [scheme, attributes] = request.headers.authorization.split(/ (.*)/s);
  assert.equal(scheme, 'WECHATPAY2-SHA256-RSA2048');
  const named = Object.fromEntries([...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  assert.deepEqual([named.mchid, named.serial_no], [ours.wechat_pay.mch_id, ours.wechat_pay.merchant_serial]);
  assert(Math.abs(Number(named.timestamp) - now()) < 60);
  const message = Formatter.request(request.method, request.url, named.timestamp, named.nonce_str, body);
  assert(Rsa.verify(message, named.signature, merchantPublic), 'signature');
  assert.equal(request.headers['wechatpay-serial'], wechat.public_key.id);
  // Without what names one order.
  asked.push(`WeChat Pay ${request.method} ${request.url.replace(/\d{8}[0-9a-f]{20}/, '…').replace(/\?.*/, '')}`);
};

const prepay = (kind, body) => {
  const order = JSON.parse(body);
  assert.deepEqual([order.appid, order.mchid, order.amount.currency], [ours.wechat_pay.app_id, ours.wechat_pay.mch_id, 'CNY']);
  trades.set(order.out_trade_no, { state: 'NOTPAY', amount_fen: order.amount.total });
  const prepay_id = `wx${createHash('md5').update(order.out_trade_no).digest('hex')}`;
  if (kind === 'jsapi') {
    assert.deepEqual(order.payer, { openid: OPENID });
    return { prepay_id };
  }
  if (kind === 'native') return { code_url: `weixin://wxpay/bizpayurl?pr=${prepay_id}` };
  assert.equal(order.scene_info.h5_info.type, 'Wap');
  return { h5_url: `http://127.0.0.1/checkmweb?prepay_id=${prepay_id}&package=1` };
};

// The merchant API of WeChat Pay.
const wechatPay = (request, body) => {
  authorized(request, body);
  const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
  const [, , area, , kind, order, act] = pathname.split('/');
  if (area === 'certificates') {
    const { serial, x509 } = platform.certificate;
    const encrypt_certificate = sealed(x509.toString(), 'certificate');
    const [effective_time, expire_time] = ['2025-11-24T10:00:00+08:00', '2031-11-24T10:00:00+08:00'];
    return { data: [{ serial_no: serial, effective_time, expire_time, encrypt_certificate }] };
  }
  if (area === 'refund') {
    const { out_trade_no, out_refund_no, amount } = JSON.parse(body);
    const made = { refund_id: `503${out_trade_no}`, out_trade_no, out_refund_no, status: 'PROCESSING', amount };
    refunds.set(out_refund_no, made);
    return made;
  }
  if (kind !== 'out-trade-no') return prepay(kind, body);
  const trade = trades.get(order);
  if (act === 'close') {
    assert.deepEqual(JSON.parse(body), { mchid: ours.wechat_pay.mch_id });
    trade.state = 'CLOSED';
    return undefined;
  }
  assert.equal(searchParams.get('mchid'), ours.wechat_pay.mch_id);
  if (trade.state === 'SUCCESS') return transaction(order, trade.amount_fen);
  const { app_id: appid, mch_id: mchid } = ours.wechat_pay;
  return { appid, mchid, out_trade_no: order, trade_state: trade.state, amount: { total: trade.amount_fen, currency: 'CNY' } };
};

// RSA2 is deterministic: the official SDK signs the same fields anew, and makes the same signature.
const resigned = (fields) => {
  const { method, app_id, charset, version, sign_type, sign, biz_content, ...others } = fields;
  const again = sdk.sdkExecute(method, { ...others, bizContent: JSON.parse(biz_content) }, { bizContentAutoSnakeCase: false });
  assert.deepEqual({ ...fields }, Object.fromEntries(new URLSearchParams(again)), method);
  return { method, content: JSON.parse(biz_content) };
};

// The gateway of Alipay, which finds the content in the body and all else in the address. Its answers are looked at by the SDK
// before they leave.
const alipay = (request, body) => {
  const { search } = new URL(request.url, 'http://127.0.0.1');
  const { method, content } = resigned(Object.fromEntries([...new URLSearchParams(search), ...new URLSearchParams(body)]));
  asked.push(`Alipay ${method}`);
  const { out_trade_no } = content;
  const trade = trades.get(out_trade_no);
  const trade_no = `2026112422${out_trade_no.slice(10)}`;
  const answers = {
    'alipay.trade.query': () => (trade.state === 'SUCCESS'
      ? { trade_status: 'TRADE_SUCCESS', total_amount: yuan(trade.amount_fen), send_pay_date: '2026-11-24 10:00:00' }
      : { trade_status: 'WAIT_BUYER_PAY', total_amount: yuan(trade.amount_fen) }),
    'alipay.trade.close': () => {
      trade.state = 'CLOSED';
      return {};
    },
    'alipay.trade.refund': () => ({ fund_change: 'Y', refund_fee: content.refund_amount }),
    'alipay.trade.fastpay.refund.query': () => ({
      out_request_no: content.out_request_no, refund_status: 'REFUND_SUCCESS', refund_amount: yuan(trade.amount_fen),
    }),
  };
  const inner = JSON.stringify({ code: '10000', msg: 'Success', out_trade_no, trade_no, ...answers[method]() });
  const sign = createSign('RSA-SHA256').update(inner, 'utf8').sign(pkcs8(theirs.alipay.private_key), 'base64');
  const member = `${method.replaceAll('.', '_')}_response`;
  const text = `{"${member}":${inner},"sign":"${sign}"}`;
  sdk.checkResponseSign(text, member, sign, '');
  return text;
};

// What WeChat's bridge is called with: the plugin makes the same signature of it, and takes ours.
const bridge = (call) => {
  assert.deepEqual([call.appId, call.signType], [ours.wechat_pay.app_id, 'RSA']);
  assert.match(call.package, /^prepay_id=wx[0-9a-f]{32}$/);
  assert(Math.abs(Number(call.timeStamp) - now()) < 60);
  const message = Formatter.joinedByLineFeed(call.appId, call.timeStamp, call.nonceStr, call.package);
  assert(Rsa.verify(message, call.paySign, merchantPublic), 'paySign');
  return { paySign: Rsa.sign(message, pkcs8(ours.wechat_pay.merchant_private_key)) };
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
  const { pathname } = new URL(request.url, 'http://127.0.0.1');
  switch (pathname) {
    case '/clock':
      aheadS = Math.round((JSON.parse(body).now_ms - Date.now()) / 1000);
      return {};
    case '/asked':
      return asked.splice(0).sort();
    // How an order stands from now on.
    case '/trade': {
      const { order, ...trade } = JSON.parse(body);
      trades.set(order, trade);
      return {};
    }
    case '/alipay-page': {
      const { method, content } = resigned(Object.fromEntries(new URLSearchParams(body)));
      return { method, out_trade_no: content.out_trade_no };
    }
    case '/bridge':
      return bridge(JSON.parse(body));
    // Nothing signs this one; whoever has a code is told whose it is.
    case '/sns/oauth2/access_token':
      return { openid: OPENID, scope: 'snsapi_base' };
    case '/gateway.do':
      return alipay(request, body);
    default:
      return wechatPay(request, body);
  }
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
    const text = typeof value === 'string' ? value : JSON.stringify(value) ?? '';
    // Whatever is asked of WeChat Pay is answered under the key that the request names; 204 is signed as well.
    response.writeHead(text ? status : 204, { 'content-type': 'application/json', ...signed(text) }).end(text);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
