// Fresh RSA key pairs as base64 DER: the merchant and Alipay, the merchant and WeChat Pay, and somebody else.
import { generateKeyPairSync } from 'node:crypto';

const pair = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return { public: publicKey.toString('base64'), private: privateKey.toString('base64') };
};
const owners = ['app', 'alipay', 'merchant', 'platform', 'publicMode', 'stranger'];
console.log(JSON.stringify(Object.fromEntries(owners.map((owner) => [owner, pair()]))));
