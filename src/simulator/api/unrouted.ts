import type { ApiRequest, ApiResponse } from '../request.ts';

const SENTENCE = 'The resource could not be found.';
const PAGE = `<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  ${SENTENCE}<br /><br />\n\n\n\n </body>\n</html>`;

/** Answers a path that Nova does not have: its web framework speaks, in HTML to anybody who takes that (WebOb). */
export function answerUnrouted(request: ApiRequest): ApiResponse {
  const accept = request.headers['accept'] ?? '';
  if (/text\/html|text\/\*|\*\/\*/.test(accept)) {
    return { status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: PAGE };
  }
  if (/application\/(json|\*)/.test(accept)) {
    const body = {
      message: `${SENTENCE}<br /><br />\n\n\n`,
      code: '404 Not Found',
      title: 'Not Found',
    };
    return { status: 404, headers: { 'content-type': 'application/json' }, body };
  }
  const headers = { 'content-type': 'text/plain; charset=UTF-8' };
  return { status: 404, headers, body: `404 Not Found\n\n${SENTENCE}\n\n   ` };
}
