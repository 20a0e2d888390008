// Fresh key pairs of the shapes that occur at CCB: private as base64 of PKCS#8, public as lower-case hex of SPKI.
import { generateKeyPairSync } from 'node:crypto';

const pair = (modulusLength, publicExponent) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength,
    publicExponent,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return { public: publicKey.toString('hex'), private: privateKey.toString('base64') };
};
console.log(JSON.stringify({
  usual: pair(1024, 17), short: pair(1023, 17), large: pair(1024, 65537), short_large: pair(1023, 65537),
  foreign: pair(2048, 17), odd: pair(1024, 3),
}));
