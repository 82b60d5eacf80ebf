/**
 * Keystone: signing in, and what it says to those who may not.
 */
import type { Expectation, Request } from '../expectation.ts';

const REFUSED = {
  error: {
    code: 401,
    title: 'Unauthorized',
    message: 'The request you have made requires authentication.',
  },
};

function signIn(password: string, project: string): Request {
  const domain = { name: 'Default' };
  const user = { name: '{username}', domain, password };
  return {
    service: 'identity',
    method: 'POST',
    path: '/auth/tokens',
    token: null,
    body: {
      auth: {
        identity: { methods: ['password'], password: { user } },
        scope: { project: { name: project, domain } },
      },
    },
  };
}

/** What Keystone, and the middleware in front of Nova, answer. */
export const IDENTITY: readonly Expectation[] = [
  {
    name: 'a token comes in a header, its catalog in the body',
    why: 'both are needed: the token for each request, the catalog for where to send it',
    fresh: false,
    steps: [
      {
        ask: signIn('{password}', '{project}'),
        answer: {
          status: 201,
          headers: { 'X-Subject-Token': { $match: '.{8}' } },
          body: {
            token: {
              methods: ['password'],
              expires_at: { $match: '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$' },
              user: { name: '{username}', domain: { name: 'Default' } },
              project: { name: '{project}', id: { $type: 'string' } },
              roles: { $some: { name: 'admin' } },
              catalog: {
                $some: {
                  type: 'compute',
                  endpoints: {
                    $some: {
                      interface: 'public',
                      region: { $type: 'string' },
                      region_id: { $type: 'string' },
                      url: { $match: '^http' },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
  {
    name: 'a wrong password and an unknown project look the same',
    why: 'the message cannot say which of the two it was',
    fresh: false,
    steps: [
      {
        ask: signIn('not {password}', '{project}'),
        answer: { status: 401, body: REFUSED, headers: { 'X-Subject-Token': { $absent: true } } },
      },
      { ask: signIn('{password}', 'no-such-project'), answer: { status: 401, body: REFUSED } },
    ],
  },
  {
    name: 'a request to sign in without an identity is malformed',
    why: 'it is a mistake of configuration, not of credentials',
    fresh: false,
    steps: [
      {
        ask: {
          service: 'identity',
          method: 'POST',
          path: '/auth/tokens',
          token: null,
          body: { auth: {} },
        },
        answer: {
          status: 400,
          body: { error: { code: 400, message: { $match: "'identity' is a required property" } } },
        },
      },
    ],
  },
  {
    name: 'Nova answers 401 in the shape of the middleware, without and with a bad token',
    why: 'the request did not reach Nova: signing in again and repeating it is safe, even a POST',
    fresh: false,
    steps: [null, 'not-a-token'].map((token) => ({
      ask: { path: '/os-services', token },
      answer: {
        status: 401,
        body: REFUSED,
        headers: { 'WWW-Authenticate': { $match: '^Keystone uri=' } },
      },
    })),
  },
  {
    name: 'Keystone shows its versions to anybody',
    why: 'auth_url may come without /v3',
    fresh: false,
    steps: [
      {
        ask: { service: 'identity', path: 'root:/', token: null },
        answer: {
          status: 300,
          body: { versions: { values: { $some: { id: { $match: '^v3' }, status: 'stable' } } } },
        },
      },
      {
        ask: { service: 'identity', path: '', token: null },
        answer: { status: 200, body: { version: { id: { $match: '^v3' }, status: 'stable' } } },
      },
    ],
  },
];
