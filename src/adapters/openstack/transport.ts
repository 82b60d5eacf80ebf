import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Millis } from '../../domain/time.ts';

/** How far one request came; filled in while it runs. */
export interface Passage {
  /** True from the moment on which bytes of the request may have reached the other side. */
  connected: boolean;
}

type Options = https.RequestOptions & { readonly protocol?: string | null };

/**
 * A transport for axios that notes whether the connection (with TLS: the handshake) came about.
 * This, and not the error's code, tells a request that certainly was not sent from one that may
 * have been carried out. A connection that takes longer than `connectMs` is given up.
 */
export function watchedTransport(passage: Passage, connectMs: Millis) {
  return {
    request(
      options: Options,
      onResponse: (response: http.IncomingMessage) => void,
    ): http.ClientRequest {
      const native = options.protocol === 'https:' ? https : http;
      const request = native.request(options, onResponse);
      request.once('socket', (socket) => {
        // Not `reusedSocket`: Node leaves it unset where a request has waited for a pooled connection.
        if (isUp(socket)) {
          passage.connected = true;
          return;
        }
        const timer = setTimeout(() => {
          const late = Object.assign(new Error('connect time-out'), { code: 'CONNECT_TIMEOUT' });
          request.destroy(late);
        }, connectMs);
        socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
          clearTimeout(timer);
          passage.connected = true;
        });
        socket.once('close', () => {
          clearTimeout(timer);
        });
      });
      return request;
    },
  };
}

/**
 * Whether a connection has come about already, with TLS: the handshake. Where Node did not tell of
 * the handshake, the connection would count too early, which makes a failure uncertain: the safe side.
 */
const isUp = (socket: Socket & { readonly secureConnecting?: boolean }): boolean =>
  !socket.connecting && socket.secureConnecting !== true;

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ENOTFOUND: 'the host name is unknown to DNS',
  EAI_AGAIN: 'DNS does not answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
  CONNECT_TIMEOUT: 'no connection within the time limit',
  ECONNABORTED: 'no answer within the time limit',
  ERR_CANCELED: 'the deadline passed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: set cacert to it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an unknown authority: set cacert',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an unknown authority: set cacert',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an unknown authority: set cacert',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: look at the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there: the URL begins with http://, perhaps',
  EPROTO: 'no TLS handshake came about: no common version, or it wants a client certificate',
  HPE_INVALID_CONSTANT: 'what answers there is no HTTP: the URL begins with https://, perhaps',
};

/** An error of the network as a clause; never the raw error, which would carry the token along. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  const given = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Node tells the two apart in the text of OpenSSL alone.
  const isPlain = given === 'EPROTO' && error.message.includes('wrong version number');
  const code = isPlain ? 'ERR_SSL_WRONG_VERSION_NUMBER' : given;
  const words = WORDS[code];
  if (words !== undefined) return `${words} (${code})`;
  return code === '' ? error.message : `${error.message} (${code})`;
}
