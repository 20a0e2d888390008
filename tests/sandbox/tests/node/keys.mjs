// Two fresh RSA key pairs as base64 DER: the merchant's application and Alipay.
import { generateKeyPairSync } from 'node:crypto';

const pair = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return { public: publicKey.toString('base64'), private: privateKey.toString('base64') };
};
console.log(JSON.stringify({ app: pair(), alipay: pair(), stranger: pair() }));
