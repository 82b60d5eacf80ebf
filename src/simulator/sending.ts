import type { ServerResponse } from 'node:http';
import type { ApiResponse } from './request.ts';

interface Encoded {
  readonly headers: Record<string, string>;
  readonly text: string;
}

function encode(answer: ApiResponse): Encoded {
  const { body } = answer;
  if (body === undefined) return { headers: { ...answer.headers }, text: '' };
  const isText = typeof body === 'string';
  const type = isText ? 'text/plain; charset=UTF-8' : 'application/json';
  const headers = { 'content-type': type, ...answer.headers };
  return { headers, text: isText ? body : JSON.stringify(body) };
}

/** Sends an answer whole; to HEAD without its body. */
export function sendResponse(response: ServerResponse, answer: ApiResponse, isHead: boolean): void {
  const { headers, text } = encode(answer);
  if (answer.status !== 204) headers['content-length'] = String(Buffer.byteLength(text));
  response.writeHead(answer.status, headers);
  response.end(isHead || answer.status === 204 ? undefined : text);
}

/** Promises the whole body, sends half of it and breaks the connection. */
export function cutResponse(response: ServerResponse, answer: ApiResponse): void {
  const { headers, text } = encode(answer);
  const bytes = Buffer.from(text);
  headers['content-length'] = String(bytes.length + 1);
  response.writeHead(answer.status, headers);
  response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => {
    response.socket?.destroy();
  });
}

/** Sends the body in small pieces: every read time-out that starts anew with each piece waits for ever. */
export function dripResponse(
  response: ServerResponse,
  answer: ApiResponse,
  drip: { readonly bytes: number; readonly everyMs: number },
): void {
  const { headers, text } = encode(answer);
  const bytes = Buffer.from(text);
  headers['content-length'] = String(bytes.length);
  response.writeHead(answer.status, headers);
  let offset = 0;
  const timer = setInterval(() => {
    const piece = bytes.subarray(offset, offset + drip.bytes);
    offset += drip.bytes;
    if (offset >= bytes.length || response.destroyed) {
      clearInterval(timer);
      response.end(piece);
    } else response.write(piece);
  }, drip.everyMs);
  timer.unref();
}
