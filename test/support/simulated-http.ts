import type { Http, HttpRequest, HttpResult } from '../../src/adapters/openstack/exchange.ts';
import type { CloudCredentials } from '../../src/adapters/openstack/credentials.ts';
import type { ApiRequest, ApiResponse, ServiceName } from '../../src/simulator/request.ts';

/** The credentials of a simulated cloud's administrator. */
export const ADMIN: CloudCredentials = {
  name: 'simulated',
  authUrl: 'http://cloud.test/identity/v3',
  auth: {
    kind: 'password',
    user: { name: 'admin', domain: { id: 'default' } },
    password: 'secret',
  },
  project: { name: 'admin', domain: { id: 'default' } },
  region: null,
  interfaces: ['public'],
  computeEndpoint: null,
  computeServiceType: 'compute',
  computeServiceName: null,
  tls: { insecure: false, cacert: null, cert: null, key: null },
};

/** A simulated cloud without a network: requests are answered in place. */
export function simulatedHttp(cloud: { handle(request: ApiRequest): ApiResponse }): Http & {
  readonly sent: HttpRequest[];
} {
  const sent: HttpRequest[] = [];
  return {
    sent,
    send: (request) => {
      sent.push(request);
      const url = new URL(request.url);
      const [, service = '', ...rest] = url.pathname.split('/');
      const headers = Object.entries(request.headers).map(([k, value]) => [k.toLowerCase(), value]);
      const answer = cloud.handle({
        service: service as ServiceName,
        method: request.method,
        path: `/${rest.join('/')}`,
        query: Object.fromEntries(url.searchParams),
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: request.json,
      });
      return Promise.resolve(resultOf(answer));
    },
  };
}

function resultOf({ status, headers, body }: ApiResponse): HttpResult {
  const isText = typeof body === 'string';
  return {
    kind: 'response',
    status,
    headers,
    body: isText ? undefined : body,
    text: isText ? body : '',
  };
}
