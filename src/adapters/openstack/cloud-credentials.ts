import type { Settings } from './cloud-layers.ts';
import { createReader, formatText } from './cloud-settings.ts';
import type { Misfit, Reader } from './cloud-settings.ts';
import type { AuthMethod, CloudCredentials, DomainRef, Ref, TlsSettings } from './credentials.ts';
import { shownUrl } from './exchange.ts';

const FIXED = new Set(['none', 'admin_token', 'token_endpoint']);
const APPLICATION = 'auth.application_credential_';

/** Turns the settings of a cloud into credentials, or says which setting stands in the way. */
export function credentialsFrom(
  name: string,
  settings: Settings,
  home: string,
): CloudCredentials | Misfit {
  const reader = createReader(settings, home);
  const type = authType(reader);
  const authUrl = FIXED.has(type) ? '' : readAuthUrl(reader, name);
  const auth = authMethod(reader, type);
  const project = auth === null ? null : readProject(reader, auth);
  const override = reader.text('compute_endpoint_override') ?? null;
  const regions = reader.list('region_name') ?? [];
  const credentials = {
    name,
    authUrl,
    project,
    region: reader.text('compute_region_name') ?? regions[0] ?? null,
    interfaces: readInterfaces(reader),
    computeEndpoint:
      override === null ? null : formatText(override, reader, 'compute_endpoint_override'),
    ...readOverrides(reader),
    computeServiceType: reader.text('compute_service_type') ?? 'compute',
    computeServiceName: reader.text('compute_service_name') ?? null,
    tls: readTlsSettings(reader),
  };
  const problem = reader.problem();
  if (problem !== null) return problem;
  if (auth === null) return { kind: 'misfit', message: `cloud "${name}": no way to sign in` };
  return { ...credentials, auth };
}

/** The addresses of the services that we read beside Nova. */
function readOverrides(reader: Reader): Pick<CloudCredentials, 'endpointOverrides'> {
  const given = ['image', 'placement'].flatMap((service) => {
    const key = `${service}_endpoint_override`;
    const url = reader.text(key);
    return url === undefined ? [] : [[service, formatText(url, reader, key)] as const];
  });
  return given.length === 0 ? {} : { endpointOverrides: Object.fromEntries(given) };
}

function readAuthUrl(reader: Reader, name: string): string {
  const raw = reader.text('auth.auth_url');
  if (raw === undefined) {
    const profile = reader.text('profile') ?? reader.text('cloud');
    reader.fail(
      profile === undefined
        ? `cloud "${name}" has no auth_url: set auth.auth_url (or OS_AUTH_URL), such as https://keystone.example.com:5000/v3`
        : `cloud "${name}" names the vendor profile "${profile}", which is not supported: set auth.auth_url yourself`,
    );
    return '';
  }
  const url = formatText(raw, reader, 'auth.auth_url').trim().replace(/\/+$/, '');
  if (!/^https?:\/\/[^/]+/i.test(url)) {
    reader.fail(
      `${reader.where('auth.auth_url')} is "${shownUrl(url)}": it must start with http(s)://`,
    );
  } else if (/\/v2\.0$/.test(url)) {
    reader.fail(`${reader.where('auth.auth_url')} names Keystone v2.0, which is gone: use /v3`);
  }
  return url;
}

function authMethod(reader: Reader, type: string): AuthMethod | null {
  switch (type) {
    case 'password':
    case 'v3password': {
      if (reader.has('auth.passcode')) {
        reader.fail(
          `${reader.where('auth.passcode')}: signing in with a passcode (MFA) is not supported; use an application credential`,
        );
      }
      const user = readUser(reader);
      const password = demand(reader, 'auth.password', 'OS_PASSWORD');
      return user === null ? null : { kind: 'password', user, password };
    }
    case 'token':
    case 'v3token':
      return { kind: 'token', token: demand(reader, 'auth.token', 'OS_TOKEN') };
    case 'v3applicationcredential':
      return applicationCredential(reader);
    case 'none':
    case 'admin_token':
    case 'token_endpoint':
      return {
        kind: 'fixed',
        endpoint: demand(reader, 'auth.endpoint', 'OS_ENDPOINT'),
        token: reader.text('auth.token') ?? null,
      };
    default:
      reader.fail(
        `${reader.where('auth_type')} is "${type}", which is not supported: use password, token, v3applicationcredential or none`,
      );
      return null;
  }
}

/** The stated type; without one it is inferred from the keys that are there. */
function authType(reader: Reader): string {
  const stated = reader.text('auth_type');
  if (stated !== undefined) return stated;
  if (reader.has(`${APPLICATION}secret`)) return 'v3applicationcredential';
  return reader.has('auth.token') && !reader.has('auth.password') ? 'token' : 'password';
}

function applicationCredential(reader: Reader): AuthMethod | null {
  const secret = demand(reader, `${APPLICATION}secret`, 'OS_APPLICATION_CREDENTIAL_SECRET');
  const id = reader.text(`${APPLICATION}id`);
  if (id !== undefined) return { kind: 'application-credential', credential: { id }, secret };
  const name = demand(reader, `${APPLICATION}id`, 'OS_APPLICATION_CREDENTIAL_ID', [
    `${APPLICATION}name`,
  ]);
  const user = readUser(reader);
  if (user === null) return null;
  return { kind: 'application-credential', credential: { name, user }, secret };
}

function demand(
  reader: Reader,
  key: string,
  variable: string,
  others: readonly string[] = [],
): string {
  const value = [key, ...others].map((k) => reader.text(k)).find((v) => v !== undefined);
  if (value === undefined) {
    reader.fail(`${key} is missing: set it in clouds.yaml or secure.yaml, or ${variable}`);
  }
  return value ?? '';
}

function readUser(reader: Reader): Ref | null {
  const id = reader.text('auth.user_id');
  if (id !== undefined) return { id };
  const name = demand(reader, 'auth.username', 'OS_USERNAME');
  return name === '' ? null : { name, domain: domainOf(reader, 'user') };
}

/** Keystone's domain `default` exists in practically every cloud; a wrong guess only fails the sign-in. */
function domainOf(reader: Reader, owner: 'user' | 'project'): DomainRef {
  for (const prefix of [`auth.${owner}_domain`, 'auth.default_domain']) {
    const id = reader.text(`${prefix}_id`);
    if (id !== undefined) return { id };
    const name = reader.text(`${prefix}_name`);
    if (name !== undefined) return { name };
  }
  return { id: 'default' };
}

function readProject(reader: Reader, auth: AuthMethod): Ref | null {
  if (auth.kind === 'application-credential' || auth.kind === 'fixed') return null;
  for (const key of ['auth.system_scope', 'auth.trust_id']) {
    if (reader.has(key)) {
      reader.fail(
        `${reader.where(key)}: Nova takes only project-scoped tokens; remove it and set project_name`,
      );
    }
  }
  const id = reader.text('auth.project_id');
  if (id !== undefined) return { id };
  const name = demand(reader, 'auth.project_name', 'OS_PROJECT_NAME');
  return { name, domain: domainOf(reader, 'project') };
}

function readInterfaces(reader: Reader): readonly string[] {
  const key = reader.has('compute_interface') ? 'compute_interface' : 'interface';
  const interfaces = (reader.list(key) ?? ['public']).map((name) => name.replace(/URL$/, ''));
  for (const name of interfaces) {
    if (!['public', 'internal', 'admin'].includes(name)) {
      reader.fail(`${reader.where(key)} is "${name}": it must be public, internal or admin`);
    }
  }
  return interfaces;
}

/** `insecure` beats `verify`, `verify: false` beats `cacert` (openstacksdk `get_requests_verify_args`). */
function readTlsSettings(reader: Reader): TlsSettings {
  const verifyText = reader.has('verify') ? reader.flag('verify') : true;
  return {
    insecure: reader.flag('insecure') === true || verifyText === false,
    cacert: reader.path('cacert'),
    cert: reader.path('cert'),
    key: reader.path('key'),
  };
}
