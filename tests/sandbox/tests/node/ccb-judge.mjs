// Node's crypto and its own idea of every text against the sandbox's bank. Reads {origin, merchant, keys} from stdin;
// exits non-zero at the first claim that does not hold.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, createSign, createVerify } from 'node:crypto';
import { createServer } from 'node:http';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { origin, merchant, keys } = JSON.parse(Buffer.concat(chunks));

const gateway = `${origin}/CCBIS/ccbMain?CCB_IBSVersion=V6`;
const md5 = (text) => createHash('md5').update(text).digest('hex');
const PUB = merchant.public_key.slice(-30);
const bankKey = createPublicKey({ key: Buffer.from(merchant.public_key, 'hex'), format: 'der', type: 'spki' });
const verifies = (content, sign) => createVerify('RSA-MD5').update(content).verify(bankKey, sign, 'hex');
const ours = { MERCHANTID: merchant.merchant_id, POSID: merchant.pos_id, BRANCHID: merchant.branch_id };

// Where the bank tells what happened.
const told = [];
const waiting = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const message = { method: request.method, path: request.url, type: request.headers['content-type'], body };
  const next = waiting.shift();
  if (next) next(message);
  else told.push(message);
  response.end('success');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const own = `http://127.0.0.1:${server.address().port}`;
const callback = () => {
  const one = told.length ? Promise.resolve(told.shift()) : new Promise((resolve) => waiting.push(resolve));
  const late = new Promise((_, reject) => setTimeout(reject, 10_000, new Error('no callback')).unref());
  return Promise.race([one, late]);
};

const post = (path, body) => fetch(`${origin}/control/ccb/${path}`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}),
});
const counter = async (settings) => {
  const answer = await post('counter', { callback_url: `${own}/told`, page_url: `${own}/back?from=ccb#top`, ...settings });
  assert.equal(answer.status, 200, await answer.clone().text());
};
const act = async (orderid, act, body) => {
  const answer = await post(`trades/${orderid}/${act}`, body);
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
};
await counter({});

// Text in the order of the bank's document, written out here once more.
const qrContent = (f) => `MERCHANTID=${f.MERCHANTID}&POSID=${f.POSID}&BRANCHID=${f.BRANCHID}&ORDERID=${f.ORDERID}&PAYMENT=${f.PAYMENT}`
  + `&CURCODE=${f.CURCODE}&TXCODE=530550&REMARK1=${f.REMARK1}&REMARK2=${f.REMARK2}&RETURNTYPE=${f.RETURNTYPE}&TIMEOUT=${f.TIMEOUT}&PUB=${PUB}`;
const pageContent = (f) => `MERCHANTID=${f.MERCHANTID}&POSID=${f.POSID}&BRANCHID=${f.BRANCHID}&ORDERID=${f.ORDERID}&PAYMENT=${f.PAYMENT}`
  + `&CURCODE=01&TXCODE=520100&REMARK1=${f.REMARK1}&REMARK2=${f.REMARK2}&TYPE=1&PUB=${PUB}&GATEWAY=${f.GATEWAY}&CLIENTIP=${f.CLIENTIP}`
  + `&REGINFO=${f.REGINFO}&PROINFO=${f.PROINFO}&REFERER=${f.REFERER}`
  + (f.INSTALLNUM ? `&INSTALLNUM=${f.INSTALLNUM}` : '')
  + (f.SMERID ? ['SMERID', 'SMERNAME', 'SMERTYPEID', 'SMERTYPE', 'TRADECODE', 'TRADENAME', 'SMEPROTYPE', 'PRONAME']
    .map((name) => `&${name}=${f[name]}`).join('') : '')
  + (f.THIRDAPPINFO ? `&THIRDAPPINFO=${f.THIRDAPPINFO}` : '') + (f.TIMEOUT ? `&TIMEOUT=${f.TIMEOUT}` : '');
const queryContent = (f) => `MERCHANTID=${f.MERCHANTID}&BRANCHID=${f.BRANCHID}&POSID=${f.POSID}&ORDERDATE=${f.ORDERDATE}`
  + `&BEGORDERTIME=${f.BEGORDERTIME}&ENDORDERTIME=${f.ENDORDERTIME}&ORDERID=${f.ORDERID}&QUPWD=&TXCODE=410408&TYPE=${f.TYPE}`
  + `&KIND=${f.KIND}&STATUS=${f.STATUS}&SEL_TYPE=3&PAGE=${f.PAGE}&OPERATOR=&CHANNEL=`;

const qrOrder = (ORDERID, more) => ({
  ...ours, ORDERID, PAYMENT: '206.00', CURCODE: '01', TXCODE: '530550', REMARK1: 'ZT', REMARK2: '', RETURNTYPE: '3', TIMEOUT: '', ...more,
});
const pageOrder = (ORDERID, more) => ({
  ...ours, ORDERID, PAYMENT: '206.00', CURCODE: '01', TXCODE: '520100', REMARK1: '', REMARK2: '', TYPE: '1', GATEWAY: 'W1Z2',
  CLIENTIP: '203.0.113.7', REGINFO: '', PROINFO: escape('交通罚款 100%'), REFERER: '', ...more,
});
const send = (fields, method = 'POST') => method === 'GET'
  ? fetch(`${gateway}&${new URLSearchParams(fields)}`)
  : fetch(gateway, { method, body: new URLSearchParams(fields) });
const order = async (fields, method) => (await send({ ...fields, MAC: md5(qrContent(fields)) }, method)).json();
const browse = async (fields, method) => {
  const page = await send({ ...fields, MAC: md5(pageContent(fields)) }, method);
  assert.equal(page.status, 200);
  return { code: page.headers.get('x-sandbox-error'), html: await page.text() };
};
const press = (html, agent = '') => {
  const action = html.match(/action="([^"]+)"/)[1];
  const [, name, value] = html.match(/name="([^"]+)" value="([^"]+)"/);
  const headers = { 'user-agent': agent };
  return fetch(origin + action, { method: 'POST', headers, body: new URLSearchParams({ [name]: value }), redirect: 'manual' });
};
const ask = async (more, change = (fields) => fields) => {
  const fields = {
    ...ours, ORDERDATE: '', BEGORDERTIME: '', ENDORDERTIME: '', ORDERID: '', TXCODE: '410408', TYPE: '0', KIND: '0', STATUS: '3',
    SEL_TYPE: '3', PAGE: '1', OPERATOR: '', CHANNEL: '', ...more,
  };
  const answer = await send(change({ ...fields, QUPWD: merchant.query_password, MAC: md5(queryContent(fields)) }));
  assert.equal(answer.status, 200);
  return read(answer);
};
const read = async (answer) => {
  const bytes = Buffer.from(await answer.arrayBuffer());
  const charset = bytes.toString('latin1').match(/<\?xml version="1\.0" encoding="([^"]+)"/)[1];
  assert.equal(answer.headers.get('content-type'), `text/xml; charset=${charset}`);
  const whole = new TextDecoder(charset).decode(bytes);
  const value = (xml, name) => xml.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1];
  // Byte for byte, whatever the encoding: the signature is over what was sent.
  const raw = bytes.toString('latin1');
  const orders = [...raw.matchAll(/<QUERYORDER>[\s\S]*?<\/QUERYORDER>/g)].map(([element]) => {
    const names = ['MERCHANTID', 'BRANCHID', 'POSID', 'ORDERID', 'ORDERDATE', 'ACCDATE', 'AMOUNT', 'STATUSCODE', 'STATUS', 'REFUND'];
    const content = Buffer.from(names.map((name) => `${name}=${value(element, name)}`).join('&'), 'latin1');
    const text = new TextDecoder(charset).decode(Buffer.from(element, 'latin1'));
    const fields = Object.fromEntries(names.map((name) => [name, value(text, name)]));
    return { ...fields, sound: verifies(content, value(element, 'SIGN')) };
  });
  const head = Object.fromEntries(['RETURN_CODE', 'RETURN_MSG', 'CURPAGE', 'PAGECOUNT', 'TOTAL', 'PAYAMOUNT', 'REFUNDAMOUNT']
    .map((name) => [name, value(whole, name)]));
  return { ...head, charset, orders };
};
const shanghai = (shift = 0) => new Date(Date.now() + 8 * 3600_000 + shift).toISOString().replace(/\D/g, '').slice(0, 14);

// The names in the order in which they came, the text that SIGN covers, and the values.
const parsed = (text) => {
  const pairs = text.split('&').map((pair) => pair.split(/=(.*)/s).slice(0, 2));
  const plain = pairs.map(([name, value]) => [name, ['USRMSG', 'USRINFO'].includes(name) ? value : decodeURIComponent(value.replaceAll('+', ' '))]);
  assert.equal(plain.at(-1)[0], 'SIGN');
  assert.match(plain.at(-1)[1], /^[0-9a-f]{256}$/);
  return {
    names: plain.map(([name]) => name).join(),
    content: plain.slice(0, -1).map(([name, value]) => `${name}=${value}`).join('&'),
    ...Object.fromEntries(plain),
  };
};
const HEAD = 'POSID,BRANCHID,ORDERID,PAYMENT,CURCODE,REMARK1,REMARK2,ACC_TYPE,SUCCESS';

const claims = {
  'keys of every shape sign as OpenSSL signs'() {
    for (const [name, { public: hex, private: base64, content, signed }] of Object.entries(keys)) {
      const key = createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' });
      const sign = createSign('RSA-MD5').update(content).sign(key, 'hex');
      assert.equal(parsed(signed).content, content, name);
      assert.equal(parsed(signed).SIGN, sign, name);
      assert.equal(createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('hex'), hex, name);
    }
    assert.match(keys.fresh.public, /^30819d.*020111$/);
    assert.match(keys.short.public, /^30819c/);
  },
  async 'an order whose MAC or fields are wrong is refused'() {
    const sound = qrOrder('J0', {});
    for (const MAC of ['', md5(qrContent(sound)).toUpperCase(), md5(qrContent(sound).replace(`&PUB=${PUB}`, '')),
      md5(qrContent({ ...sound, PAYMENT: '2.06' }))]) {
      const answer = await (await send({ ...sound, MAC })).json();
      assert.deepEqual([answer.SUCCESS, answer.ERRCODE], ['false', '0250E0100004'], MAC);
    }
    const wrong = [
      { PAYMENT: '0.00' }, { PAYMENT: '.01' }, { PAYMENT: '206.001' }, { PAYMENT: '-1' }, { PAYMENT: '1e2' }, { CURCODE: '02' },
      { ORDERID: '' }, { ORDERID: '1'.repeat(31) }, { ORDERID: 'a b' }, { REMARK1: '1'.repeat(31) }, { REMARK2: '罚款' }, { REMARK2: 'a&b' },
      { RETURNTYPE: '1' }, { RETURNTYPE: '' }, { TIMEOUT: '2026-11-29' }, { TIMEOUT: '20261329000000' }, { POSID: '1'.repeat(10) },
    ];
    for (const change of wrong) {
      assert.equal((await order({ ...sound, ...change })).ERRCODE, '0250E0100001', JSON.stringify(change));
    }
    for (const change of [{ MERCHANTID: '105000000000099' }, { POSID: '000000099' }, { BRANCHID: '999999999' }]) {
      assert.equal((await order({ ...sound, ...change })).ERRCODE, '0250E0100002', JSON.stringify(change));
    }
    assert.equal((await order({ ...sound, TIMEOUT: shanghai(-1000) })).ERRCODE, '0250E0300003');
    const { REMARK2, ...without } = sound;
    const others = [
      { ...without, MAC: md5(qrContent(sound)) }, { ...sound, PUB, MAC: md5(qrContent(sound)) },
    ];
    for (const fields of others) assert.equal((await (await send(fields)).json()).ERRCODE, '0250E0100001');
    assert.equal((await (await send({ ...sound, TXCODE: '530590' })).json()).ERRCODE, '0250E0100003');
    const old = await fetch(gateway.replace('V6', 'V5'), { method: 'POST', body: new URLSearchParams({ ...sound, MAC: md5(qrContent(sound)) }) });
    assert.equal((await old.json()).ERRCODE, '0250E0100001');
    const twice = `${new URLSearchParams({ ...sound, MAC: md5(qrContent(sound)) })}&PAYMENT=0.01`;
    assert.equal((await (await fetch(`${gateway}&${twice}`)).json()).ERRCODE, '0250E0100001');
    assert.equal((await fetch(`${origin}/control/ccb/trades/J0`)).status, 404);
  },
  async 'an order by QR code is paid on the page that the code leads to'() {
    assert.equal((await (await fetch(`${origin}/CCBIS/qr/0123456789abcdef0123456789abcdef`)).json()).ERRCODE, '0250E0200001');
    for (const [number, method, agent, accType] of [['J1', 'GET', 'MicroMessenger/8.0', 'WX'], ['J2', 'POST', 'AlipayClient/10', 'AL'], ['J3', 'POST', 'CCBMobile', '12']]) {
      const made = await order(qrOrder(number, { TIMEOUT: shanghai(600_000) }), method);
      assert.equal(made.SUCCESS, 'true', JSON.stringify(made));
      const code = await (await fetch(made.PAYURL)).json();
      assert.equal(code.SUCCESS, 'true');
      assert.match(code.QRURL, /^http%3A%2F%2F/);
      const html = await (await fetch(decodeURIComponent(code.QRURL))).text();
      assert.match(html, /206\.00/);
      const answer = await press(html, agent);
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /支付成功/);
      const fields = parsed((await callback()).body);
      assert.ok(verifies(fields.content, fields.SIGN));
      assert.deepEqual([fields.ORDERID, fields.ACC_TYPE, fields.SUCCESS, fields.REMARK1], [number, accType, 'Y', 'ZT']);
      assert.equal((await fetch(decodeURIComponent(code.QRURL))).headers.get('x-sandbox-error'), '0250E0300002');
    }
  },
  async 'an order number stands for one amount, and for one payment'() {
    assert.equal((await order(qrOrder('J4'))).SUCCESS, 'true');
    const again = [await order(qrOrder('J4', { REMARK2: 'again' })), await order(qrOrder('J4', { PAYMENT: '206.01' }))];
    assert.deepEqual(again.map((answer) => answer.ERRCODE), [undefined, '0250E0300001']);
    assert.equal((await browse(pageOrder('J4', { PAYMENT: '0.01' }))).code, '0250E0300001');
    await act('J4', 'pay');
    await callback();
    assert.equal((await order(qrOrder('J4'))).ERRCODE, '0250E0300002');
    assert.equal((await browse(pageOrder('J4'))).code, '0250E0300002');
    assert.equal((await post('trades/J4/pay')).status, 409);
    assert.deepEqual(told, []);
  },
  async 'a page order whose MAC or fields are wrong is refused'() {
    const sound = pageOrder('J5');
    const endPub = md5(pageContent(sound).replace(`&PUB=${PUB}`, '') + `&PUB=${PUB}`);
    for (const MAC of [endPub, md5(pageContent({ ...sound, REFERER: 'x' }))]) {
      const page = await send({ ...sound, MAC });
      assert.equal(page.headers.get('x-sandbox-error'), '0250E0100004');
    }
    const wrong = [
      { TYPE: '0' }, { GATEWAY: 'W' }, { GATEWAY: 'w1' }, { CLIENTIP: '203.0.113' }, { PROINFO: '交通罚款' }, { PROINFO: 'a b' }, { PROINFO: '%u4EA' },
      { REGINFO: 'a=b' }, { REFERER: 'x'.repeat(101) }, { INSTALLNUM: '1' }, { INSTALLNUM: '+3' }, { THIRDAPPINFO: 'comccbpay' }, { THIRDAPPINFO: `comccbpay${ours.MERCHANTID}` },
      { THIRDAPPINFO: `comccbpay${ours.MERCHANTID}a-b` }, { TIMEOUT: '1' }, { SMERID: '1' },
    ];
    for (const change of wrong) {
      assert.equal((await browse({ ...sound, ...change })).code, '0250E0100001', JSON.stringify(change));
    }
    assert.equal((await fetch(`${origin}/control/ccb/trades/J5`)).status, 404);
  },
  async 'a page order leads back with the page callback, which verifies and has no ACC_TYPE'() {
    const used = {
      INSTALLNUM: '3', SMERID: '111', SMERNAME: escape('工艺'), SMERTYPEID: '112', SMERTYPE: 'a', TRADECODE: '001', TRADENAME: 'b', SMEPROTYPE: '1',
      PRONAME: 'c', THIRDAPPINFO: `comccbpay${ours.MERCHANTID}zerotrip`, TIMEOUT: shanghai(600_000), REFERER: 'https://example.test/a?b=c', GATEWAY: '0',
    };
    for (const [number, method, more] of [['J6', 'GET', {}], ['J7', 'POST', used]]) {
      const { code, html } = await browse(pageOrder(number, more), method);
      assert.equal(code, null, html);
      assert.match(html, /交通罚款 100%/);
      const answer = await press(html);
      assert.equal(answer.status, 303);
      const location = answer.headers.get('location');
      assert.ok(location.startsWith(`${own}/back?from=ccb&POSID=`) && location.endsWith('#top'), location);
      const fields = parsed(location.slice(`${own}/back?from=ccb&`.length, -'#top'.length));
      assert.ok(verifies(fields.content, fields.SIGN));
      assert.equal(fields.names, `${HEAD.replace('ACC_TYPE,', '')},TYPE,REFERER,CLIENTIP,ACCDATE,SIGN`);
      assert.deepEqual([fields.ORDERID, fields.CLIENTIP, fields.REFERER], [number, '203.0.113.7', more.REFERER ?? '']);
      assert.equal(parsed((await callback()).body).ACC_TYPE, '12');
      // A second press changes nothing and leads to the same place.
      assert.equal((await press(html)).headers.get('location'), location);
    }
    assert.deepEqual(told, []);
  },
  async 'escaped text may stand in an address as it is'() {
    const fields = pageOrder('J13', { PROINFO: escape('交通罚款') });
    const raw = Object.entries({ ...fields, MAC: md5(pageContent(fields)) }).map(([name, value]) => `${name}=${value}`).join('&');
    const page = await fetch(`${gateway}&${raw}`);
    assert.equal(page.headers.get('x-sandbox-error'), null);
    assert.match(await page.text(), /<dd>交通罚款<\/dd>/);
  },
  async 'a callback comes as the counter asks and verifies over the order in which it came'() {
    const all = ['TYPE', 'ACCDATE', 'USRMSG', 'INSTALLNUM', 'USRINFO', 'DISCOUNT', 'ZHJF', 'OPENID', 'SUB_OPENID', 'PAYMENT_DETAILS'];
    const rest = 'USRINFO,DISCOUNT,ZHJF,OPENID,SUB_OPENID,PAYMENT_DETAILS,SIGN';
    const cases = [
      ['get', 'plain', '2017', [], `${HEAD},SIGN`],
      ['post-query', 'short', '2017', all, `${HEAD},TYPE,REFERER,CLIENTIP,ACCDATE,USRMSG,INSTALLNUM,ERRMSG,${rest}`],
      ['post-form', 'short', '2021', all, `${HEAD},TYPE,REFERER,CLIENTIP,ACCDATE,INSTALLNUM,ERRMSG,USRMSG,${rest}`],
      ['post-form', 'plain', '2021', ['ACCDATE', 'DISCOUNT'], `${HEAD},ACCDATE,DISCOUNT,SIGN`],
    ];
    for (const [at, [delivery, notation, tail, returned, names]] of cases.entries()) {
      await counter({ delivery, notation, tail, returned, callback_url: `${own}/told?a=b` });
      const number = `J8-${at}`;
      await browse(pageOrder(number, { PAYMENT: '600', REFERER: 'https://example.test/%E4?b=c+d' }));
      await act(number, 'pay', { acc_type: 'WX', discount: '0.01' });
      const came = await callback();
      const inQuery = delivery !== 'post-form';
      assert.equal(came.method, delivery === 'get' ? 'GET' : 'POST');
      assert.equal(came.type, inQuery ? undefined : 'application/x-www-form-urlencoded');
      assert.equal(inQuery ? came.body : came.path, inQuery ? '' : '/told?a=b');
      const fields = parsed(inQuery ? came.path.replace('/told?a=b&', '') : came.body);
      assert.equal(fields.names, names);
      assert.ok(verifies(fields.content, fields.SIGN));
      assert.equal(verifies(fields.content.replace('600', '601'), fields.SIGN), false);
      assert.equal(fields.PAYMENT, notation === 'plain' ? '600.00' : '600.0');
      if (returned.includes('DISCOUNT')) assert.equal(fields.DISCOUNT, notation === 'plain' ? '0.01' : '.01');
      if (returned.includes('ACCDATE')) assert.equal(fields.ACCDATE, shanghai().slice(0, 8));
      if (returned.includes('TYPE')) assert.equal(fields.REFERER, 'https://example.test/%E4?b=c+d');
      if (returned.includes('USRMSG')) assert.equal(Buffer.from(fields.USRMSG.replaceAll(',', '+'), 'base64').length, 40);
    }
    await counter({});
  },
  async 'a failed payment is signed too, and another may follow'() {
    await counter({ returned: ['INSTALLNUM', 'ACCDATE'] });
    await order(qrOrder('J9'));
    assert.equal((await act('J9', 'fail')).status, 'failed');
    const failed = parsed((await callback()).body);
    assert.ok(verifies(failed.content, failed.SIGN));
    assert.deepEqual([failed.SUCCESS, failed.ACCDATE, failed.ERRMSG], ['N', '', 'Insufficient balance']);
    assert.equal((await ask({ ORDERID: 'J9' })).orders[0].STATUSCODE, '0');
    await act('J9', 'pay');
    assert.equal(parsed((await callback()).body).SUCCESS, 'Y');
    await counter({});
  },
  async 'a forged callback does not verify, and the next one does'() {
    await post('faults', { forge_callbacks: 1 });
    for (const [number, sound] of [['J10', false], ['J11', true]]) {
      await order(qrOrder(number));
      await act(number, 'pay');
      const fields = parsed((await callback()).body);
      assert.equal(verifies(fields.content, fields.SIGN), sound);
    }
  },
  async 'a query that is not the operator\'s is refused'() {
    const refused = async (code, more, change) => assert.equal((await ask({ ORDERID: 'J1', ...more }, change)).RETURN_CODE, code);
    await refused('0250E0100005', {}, (fields) => ({ ...fields, QUPWD: 'guessed' }));
    await refused('0250E0100004', {}, (fields) => ({ ...fields, MAC: md5(queryContent(fields).replace('QUPWD=', `QUPWD=${fields.QUPWD}`)) }));
    await refused('0250E0100004', {}, (fields) => ({ ...fields, ORDERID: 'J2' }));
    await refused('0250E0100002', { POSID: '000000099' });
    await refused('0250E0100001', {}, ({ OPERATOR, ...fields }) => fields);
    for (const more of [{ KIND: '2' }, { KIND: '1' }, { STATUS: '9' }, { TYPE: '1' }, { PAGE: '0' }, { PAGE: '+1' }, { ENDORDERTIME: '1:00' }, { ENDORDERTIME: '23:59:59:' }, { ORDERID: '' }, { ORDERDATE: '2026-11-29' },
      { BEGORDERTIME: '25' }, { BEGORDERTIME: '24:00' }, { ENDORDERTIME: '23,59,59' }, { ENDORDERTIME: '0:12:2' }, { ENDORDERTIME: '23:59:61' }]) {
      await refused('0250E0100001', more);
    }
    // A password in an address stands in every log.
    const fields = { ...ours, ORDERDATE: '', BEGORDERTIME: '', ENDORDERTIME: '', ORDERID: 'J1', TXCODE: '410408', TYPE: '0', KIND: '0', STATUS: '3',
      SEL_TYPE: '3', PAGE: '1', OPERATOR: '', CHANNEL: '' };
    const answer = await send({ ...fields, QUPWD: merchant.query_password, MAC: md5(queryContent(fields)) }, 'GET');
    assert.equal((await read(answer)).RETURN_CODE, '0250E0100001');
  },
  async 'a query tells what became of an order, signed'() {
    assert.equal((await ask({ ORDERID: 'J404' })).RETURN_CODE, '0250E0200001');
    await order(qrOrder('J12'));
    const one = async (more) => {
      const { orders, ...head } = await ask({ ORDERID: 'J12', ...more });
      assert.deepEqual([head.RETURN_CODE, head.RETURN_MSG, head.TOTAL, head.PAGECOUNT], ['000000', '', '1', '1']);
      assert.equal(orders.length, 1);
      assert.equal(orders[0].sound, true);
      return orders[0];
    };
    const unpaid = await one();
    assert.deepEqual([unpaid.STATUSCODE, unpaid.ACCDATE, unpaid.AMOUNT, unpaid.REFUND], ['2', '', '206.00', '0.00']);
    await counter({ pending: '5' });
    assert.equal((await one()).STATUSCODE, '5');
    await counter({});
    await act('J12', 'pay');
    await callback();
    // Dates and times beside an order number count for nothing.
    const paid = await one({ STATUS: '1', ORDERDATE: '20200101', BEGORDERTIME: '01', ENDORDERTIME: '01:00' });
    assert.deepEqual([paid.MERCHANTID, paid.BRANCHID, paid.POSID], [ours.MERCHANTID, ours.BRANCHID, ours.POSID]);
    assert.deepEqual([paid.STATUSCODE, paid.STATUS, paid.ACCDATE], ['1', 'SUCCESS', shanghai().slice(0, 8)]);
    assert.match(paid.ORDERDATE, /^\d{14}$/);
    assert.equal((await ask({ ORDERID: 'J12', KIND: '1', STATUS: '1' })).RETURN_CODE, '0250E0200001');
    assert.equal((await ask({ ORDERID: 'J12', STATUS: '2' })).RETURN_CODE, '0250E0200001');

    assert.equal((await post('trades/J12/refund', { amount: '206.01' })).status, 409);
    await act('J12', 'refund', { amount: '6.00' });
    const part = await one({ STATUS: '1' });
    assert.deepEqual([part.STATUSCODE, part.REFUND, part.AMOUNT], ['3', '6.00', '206.00']);
    await act('J12', 'refund');
    assert.deepEqual([(await one()).STATUSCODE, (await one()).REFUND], ['4', '206.00']);
    assert.equal((await post('trades/J12/refund')).status, 409);
    assert.deepEqual(told, [], 'a refund outside is not told');
  },
  async 'STATUS in Chinese is signed in the encoding that is declared'() {
    for (const [query_text, charset] of [['utf8', 'UTF-8'], ['gb18030', 'gb18030']]) {
      await counter({ query_text });
      const answer = await ask({ ORDERID: 'J12' });
      assert.deepEqual([answer.charset, answer.orders[0].STATUS, answer.orders[0].sound], [charset, '已全额退款', true]);
    }
    await counter({});
  },
  async 'a query by day has pages, sums and times'() {
    const ORDERDATE = shanghai().slice(0, 8);
    const seen = [];
    const first = await ask({ ORDERDATE });
    for (let page = 1; page <= Number(first.PAGECOUNT); page += 1) {
      const { orders, CURPAGE } = await ask({ ORDERDATE, PAGE: String(page) });
      assert.equal(CURPAGE, String(page));
      assert.ok(orders.every((order) => order.sound));
      seen.push(...orders);
    }
    assert.ok(seen.length > 10, 'more than a page');
    assert.equal(new Set(seen.map((order) => order.ORDERID)).size, Number(first.TOTAL));
    const fen = (amount) => BigInt(amount.replace('.', ''));
    const sum = (name, orders) => orders.reduce((total, order) => total + fen(order[name]), 0n);
    assert.equal(fen(first.PAYAMOUNT), sum('AMOUNT', seen.filter((order) => order.ACCDATE)));
    assert.equal(fen(first.REFUNDAMOUNT), sum('REFUND', seen));
    assert.equal((await ask({ ORDERDATE, PAGE: '99' })).RETURN_CODE, '0250E0200001');
    assert.equal((await ask({ ORDERDATE, BEGORDERTIME: '00:00:00', ENDORDERTIME: '24' })).TOTAL, first.TOTAL);
    assert.equal((await ask({ ORDERDATE: '20200101' })).RETURN_CODE, '0250E0200001');
    const last = seen.at(-1).ORDERDATE;
    const from = `${last.slice(8, 10)}:${last.slice(10, 12)}:${last.slice(12)}`;
    const late = await ask({ ORDERDATE, BEGORDERTIME: from });
    assert.equal(late.TOTAL, String(seen.filter((order) => order.ORDERDATE >= last).length));
  },
  async 'an answer with a bad signature does not verify, and the next one does'() {
    await post('faults', { gateway: 'bad-signature', gateway_calls: 1 });
    assert.equal((await ask({ ORDERID: 'J12' })).orders[0].sound, false);
    assert.equal((await ask({ ORDERID: 'J12' })).orders[0].sound, true);
  },
  async 'the bill of the day has every payment and every refund, and rows that are wrong on purpose'() {
    const today = shanghai().replace(/^(....)(..)(..).*/, '$1-$2-$3');
    const bill = async (date) => fetch(`${origin}/control/ccb/bill?date=${date}`);
    for (const date of ['', '20261129', '2026-02-30', '2026-1-1']) assert.equal((await bill(date)).status, 400, date);
    const rows = async (date) => {
      const answer = await bill(date);
      assert.equal(answer.headers.get('content-type'), 'text/plain; charset=GBK');
      const text = new TextDecoder('gbk', { fatal: true }).decode(await answer.arrayBuffer());
      assert.ok(text.endsWith('\r\n'));
      const [head, ...lines] = text.split('\r\n').slice(0, -1).map((line) => line.split('|'));
      assert.deepEqual(head, ['订单号', '交易时间', '记账日期', '支付金额', '退款金额', '流水号', '付款方式', '状态']);
      return lines;
    };
    assert.deepEqual(await rows('2020-01-01'), []);
    const all = await rows(today);
    const trades = (await (await fetch(`${origin}/control/ccb/trades`)).json()).filter((trade) => trade.paid);
    const paid = all.filter((row) => row[7] === '支付成功');
    assert.deepEqual(paid.map((row) => [row[0], row[3], row[4], row[5], row[6]]).sort(),
      trades.map((trade) => [trade.orderid, trade.payment, '0.00', trade.paid.serial, trade.paid.acc_type]).sort());
    assert.deepEqual(all.filter((row) => row[7] === '退款成功').map((row) => [row[0], row[3], row[4]]),
      [['J12', '0.00', '6.00'], ['J12', '0.00', '200.00']]);
    assert.equal(new Set(all.map((row) => row[5])).size, all.length);
    await post('faults', { bill_missing_rows: 1, bill_extra_rows: 1 });
    const wrong = await rows(today);
    assert.deepEqual(wrong.slice(0, -1), all.slice(1));
    assert.ok(trades.every((trade) => trade.orderid !== wrong.at(-1)[0]));
    await post('faults', {});
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
server.close();
process.exit(0);
