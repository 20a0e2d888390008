// The official SDK against face checks and account linking. Reads {origin, appId, redirectUri, person, keys} from stdin;
// exits non-zero at the first claim that does not hold.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { origin, appId, redirectUri, person, keys } = JSON.parse(Buffer.concat(chunks));

const sdkWith = (privateKey) => new AlipaySdk({
  appId, privateKey, keyType: 'PKCS8', alipayPublicKey: keys.alipay.public, gateway: `${origin}/gateway.do`, camelcase: false,
});
const sdk = sdkWith(keys.app.private);
const stranger = sdkWith(keys.stranger.private);
const signed = { validateSign: true };
const exec = (method, parameters) => sdk.exec(method, parameters, signed);
const control = async (path, body) => {
  const answer = await fetch(`${origin}/control/alipay/${path}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, path);
  return answer.json();
};

const check = (outer_order_no, identity = {}) => ({
  bizContent: {
    outer_order_no,
    biz_code: 'FACE',
    identity_param: {
      identity_type: 'CERT_INFO', cert_type: 'IDENTITY_CARD', cert_name: person.name, cert_no: person.id_number, ...identity,
    },
    merchant_config: { return_url: 'http://127.0.0.1:9/back' },
  },
});
const initialize = (...given) => exec('alipay.user.certify.open.initialize', check(...given));
const query = (certify_id) => exec('alipay.user.certify.open.query', { bizContent: { certify_id } });
const token = (code, options = signed) =>
  sdk.exec('alipay.system.oauth.token', { grant_type: 'authorization_code', code }, options);
let certify_id;
let granted;

const claims = {
  async 'a stranger begins no check and opens no page'() {
    const answer = await stranger.exec('alipay.user.certify.open.initialize', check('F1'), signed);
    assert.deepEqual([answer.code, answer.sub_code], ['40002', 'isv.invalid-signature']);
    const page = await fetch(stranger.pageExecute('alipay.user.certify.open.certify', 'GET', { bizContent: { certify_id: '1' } }));
    assert.equal(page.headers.get('x-sandbox-error'), 'isv.invalid-signature');
  },
  async 'a number that nobody can have begins none either, and says so signed'() {
    const answer = await initialize('F1', { cert_no: '110105194912310021' });
    assert.deepEqual([answer.code, answer.sub_code], ['40004', 'ILLEGAL_ARGUMENT_FORMAT']);
  },
  async 'a check begins, and is not passed yet'() {
    const begun = await initialize('F1');
    assert.equal(begun.code, '10000');
    assert.match(begun.certify_id, /^[0-9a-f]{32}$/);
    certify_id = begun.certify_id;
    assert.equal((await query(certify_id)).passed, 'F');
  },
  async 'its page is opened by a signed GET address, and leads back without a word'() {
    const page = await fetch(sdk.pageExecute('alipay.user.certify.open.certify', 'GET', { bizContent: { certify_id } }));
    assert.equal(page.headers.get('x-sandbox-error'), null);
    const action = (await page.text()).match(/action="([^"]+\/pass)"/)[1];
    const answer = await fetch(origin + action, { method: 'POST', redirect: 'manual' });
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, 'http://127.0.0.1:9/back']);
    const { code, passed } = await query(certify_id);
    assert.deepEqual([code, passed], ['10000', 'T']);
  },
  async 'a check that was never begun is a signed failure'() {
    const { code, sub_code } = await query('0'.repeat(32));
    assert.deepEqual([code, sub_code], ['40004', 'OPEN_CERTIFY_BILL_NOT_EXIST']);
  },
  async 'a passed check with a bad signature is refused by the SDK'() {
    await control('faults', { gateway: 'bad-signature', gateway_calls: 1 });
    await assert.rejects(query(certify_id), /验签失败/);
    assert.equal((await query(certify_id)).passed, 'T');
  },
  async 'who agrees brings a code, which is an account once'() {
    const address = new URL(`${origin}/oauth2/publicAppAuthorize.htm`);
    const asked = { app_id: appId, scope: 'auth_user', redirect_uri: redirectUri, state: 'c3RhdGU' };
    for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
    const body = new URLSearchParams({ user_id: person.alipay.user_id, decision: 'agree' });
    const answer = await fetch(address, { method: 'POST', body, redirect: 'manual' });
    const back = new URL(answer.headers.get('location'));
    assert.deepEqual([back.origin + back.pathname, back.searchParams.get('state')], [redirectUri, 'c3RhdGU']);
    const code = back.searchParams.get('auth_code');
    granted = await token(code);
    assert.equal(granted.user_id, person.alipay.user_id);
    assert.equal((await token(code, {})).sub_code, 'isv.code-invalid');
  },
  async 'a failed grant is signed over its text, which the SDK itself does not check'() {
    const key = createPublicKey({ key: Buffer.from(keys.alipay.public, 'base64'), format: 'der', type: 'spki' });
    const made = sdk.pageExecute('alipay.system.oauth.token', 'GET', { grant_type: 'authorization_code', code: 'used' });
    const text = await (await fetch(made)).text();
    const [, raw, sign] = text.match(/^\{"error_response":(\{.*\}),"sign":"([^"]+)"\}$/);
    assert.equal(verify('sha256', Buffer.from(raw), key, Buffer.from(sign, 'base64')), true);
    assert.equal(JSON.parse(raw).sub_code, 'isv.code-invalid');
  },
  async 'the account is told with the token, and not with another'() {
    const told = await exec('alipay.user.info.share', { auth_token: granted.access_token });
    assert.deepEqual([told.code, told.user_id, told.is_certified], ['10000', person.alipay.user_id, 'T']);
    assert.equal(JSON.stringify(told).includes(person.name), false);
    const other = await exec('alipay.user.info.share', { auth_token: granted.refresh_token });
    assert.deepEqual([other.code, other.sub_code], ['20001', 'aop.invalid-auth-token']);
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
