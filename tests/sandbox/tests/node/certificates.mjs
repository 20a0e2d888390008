// The official SDK in certificate mode against the sandbox. Reads {origin, appId, privateKey, certificates} from stdin;
// exits non-zero at the first claim that does not hold.
import assert from 'node:assert/strict';
import { AlipaySdk } from 'alipay-sdk';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { origin, appId, privateKey, certificates } = JSON.parse(Buffer.concat(chunks));

const order = { bizContent: { out_trade_no: 'nobody' } };
const sdkWith = (changed) => {
  const { app, alipay, roots } = { ...certificates, ...changed };
  return new AlipaySdk({
    appId, privateKey, keyType: 'PKCS8', gateway: `${origin}/gateway.do`, camelcase: false,
    appCertContent: app, alipayPublicCertContent: alipay, alipayRootCertContent: roots,
  });
};
const query = (changed) => sdkWith(changed).exec('alipay.trade.query', order, { validateSign: true });

const claims = {
  async 'the numbers that the SDK sends are taken, and it takes the answer'() {
    const answer = await query({});
    assert.deepEqual([answer.code, answer.sub_code], ['40004', 'ACQ.TRADE_NOT_EXIST']);
  },
  async 'another certificate of the same key is not the one that is registered'() {
    const answer = await query({ app: certificates.other });
    assert.deepEqual([answer.code, answer.sub_code], ['40002', 'isv.app-cert-not-exist']);
  },
  async 'other roots are refused'() {
    const answer = await query({ roots: certificates.alipay });
    assert.deepEqual([answer.code, answer.sub_code], ['40002', 'isv.invalid-alipay-root-cert-sn']);
  },
  async 'an answer names the certificate by the number that the SDK gives it, a refusal as well'() {
    for (const sdk of [sdkWith({}), sdkWith({ app: certificates.other })]) {
      const answer = await (await fetch(sdk.pageExecute('alipay.trade.query', 'GET', order))).json();
      assert.equal(answer.alipay_cert_sn, sdk.config.alipayCertSn);
    }
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
