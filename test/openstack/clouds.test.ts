import { describe, expect, it } from 'vitest';
import { candidates, parseCloudFile } from '../../src/adapters/openstack/cloud-files.ts';
import { loadCloud } from '../../src/adapters/openstack/clouds.ts';
import type { CloudRequest } from '../../src/adapters/openstack/clouds.ts';
import type { CloudCredentials } from '../../src/adapters/openstack/credentials.ts';

const ETC = '/etc/openstack/clouds.yaml';

type Parts = Partial<Omit<CloudRequest, 'readFile'>> & { files?: Record<string, string> };

function load({ files = {}, env = {}, ...rest }: Parts) {
  return loadCloud({
    env,
    cwd: '/here',
    home: '/home/me',
    ...rest,
    readFile: (path) => {
      const text = files[path];
      if (text === 'DENIED') return { kind: 'unreadable', why: 'permission denied' };
      return text === undefined ? { kind: 'absent' } : { kind: 'text', text };
    },
  });
}

function loaded(parts: Parts): CloudCredentials {
  const result = load(parts);
  if (result.kind === 'error') throw new Error(result.message);
  return result.cloud;
}

function refusal(parts: Parts): string {
  const result = load(parts);
  return result.kind === 'error' ? result.message : `loaded ${result.cloud.name}`;
}

const PLAIN = `
clouds:
  prod:
    auth:
      auth_url: https://keystone.example.com:5000/v3/
      username: ha
      password: s3cret
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
    interface: internal
    cacert: ~/ca.pem
`;

const ENV = {
  OS_AUTH_URL: 'http://keystone:5000',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'admin',
};

describe('the clouds.yaml of OpenStack clients', () => {
  it('reads a plain cloud', () => {
    expect(loaded({ files: { [ETC]: PLAIN } })).toEqual({
      name: 'prod',
      authUrl: 'https://keystone.example.com:5000/v3',
      auth: {
        kind: 'password',
        user: { name: 'ha', domain: { name: 'Default' } },
        password: 's3cret',
      },
      project: { name: 'admin', domain: { name: 'Default' } },
      region: 'RegionOne',
      interfaces: ['internal'],
      computeEndpoint: null,
      computeServiceType: 'compute',
      computeServiceName: null,
      tls: { insecure: false, cacert: '/home/me/ca.pem', cert: null, key: null },
    });
  });

  it('searches in the order of openstacksdk', () => {
    const env = { OS_CLIENT_CONFIG_FILE: '~/my.yaml', XDG_CONFIG_DIRS: '/a:/b' };
    const places = candidates('clouds', { env, cwd: '/here', home: '/home/me' });
    expect(places.filter((path) => !/\.(yml|json)$/.test(path))).toEqual([
      '/home/me/my.yaml',
      '/here/clouds.yaml',
      '/home/me/.config/openstack/clouds.yaml',
      '/a/openstack/clouds.yaml',
      '/b/openstack/clouds.yaml',
      '/etc/openstack/clouds.yaml',
    ]);
    expect(
      candidates('secure', { env: { XDG_CONFIG_HOME: '/x' }, cwd: '/', home: '/h' }),
    ).toContain('/x/openstack/secure.yml');
  });

  it('takes variables that are empty for unset', () => {
    const env = { XDG_CONFIG_HOME: '', XDG_CONFIG_DIRS: '' };
    const at = (variables: Record<string, string>) =>
      candidates('clouds', { env: variables, cwd: '/here', home: '/home/me' });
    expect(at(env)).toEqual(at({}));
    expect(at(env)).toContain('/home/me/.config/openstack/clouds.yaml');
  });

  it('takes the first file that can be read', () => {
    const files = { '/here/clouds.yaml': 'DENIED', [ETC]: PLAIN };
    expect(loaded({ files }).name).toBe('prod');
  });

  it('merges secure.yaml over it, however deep', () => {
    const secure = 'clouds: {prod: {auth: {password: other}}}';
    const cloud = loaded({ files: { [ETC]: PLAIN, '/here/secure.yaml': secure } });
    expect(cloud.auth).toMatchObject({ password: 'other' });
    expect(cloud.authUrl).toBe('https://keystone.example.com:5000/v3');
  });

  it('remembers where each setting came from', () => {
    const files = { [ETC]: PLAIN, '/here/secure.yaml': 'clouds: {prod: {auth: {password: x}}}' };
    const result = load({ files, env: { OS_REGION_NAME: 'R2' }, overrides: { cacert: '/c' } });
    expect(result).toMatchObject({
      kind: 'ok',
      origins: {
        'auth.username': ETC,
        'auth.password': '/here/secure.yaml',
        region_name: 'environment',
        cacert: 'option',
      },
    });
  });

  it('lets auth keys at the top level win, old names and dashes included', () => {
    const text = `
clouds:
  prod:
    auth-url: http://top:5000/v3
    tenant-name: ops
    auth: {auth_url: http://nested:5000/v3, user-name: ha, password: p, project_name: nested}
    endpoint_type: internalURL
`;
    const cloud = loaded({ files: { [ETC]: text } });
    expect(cloud.authUrl).toBe('http://top:5000/v3');
    expect(cloud.project).toMatchObject({ name: 'ops' });
    expect(cloud.auth).toMatchObject({ user: { name: 'ha' } });
    expect(cloud.interfaces).toEqual(['internal']);
  });

  it('reads numbers as texts, exactly', () => {
    const text = PLAIN.replace(
      'project_name: admin',
      'project_id: 12345678901234567890123456789012',
    )
      .replace('s3cret', '1234')
      .replace('username: ha', 'user_id: 12345e67')
      .replace('RegionOne', 'n');
    const cloud = loaded({ files: { [ETC]: text } });
    expect(cloud.project).toEqual({ id: '12345678901234567890123456789012' });
    expect(cloud.auth).toMatchObject({ password: '1234', user: { id: '12345e67' } });
    expect(cloud.region).toBe('n');
  });

  it('fills missing domains from a plain domain', () => {
    const text = PLAIN.replace(/ +user_domain_name: Default\n/, '').replace(
      'project_domain_name: Default',
      'domain_id: d1',
    );
    const cloud = loaded({ files: { [ETC]: text } });
    expect(cloud.auth).toMatchObject({ user: { domain: { id: 'd1' } } });
    expect(cloud.project).toMatchObject({ domain: { id: 'd1' } });
  });

  it('expands {region_name} in auth_url', () => {
    const text = PLAIN.replace('keystone.example.com', '{region_name}.example.com');
    expect(loaded({ files: { [ETC]: text } }).authUrl).toBe(
      'https://RegionOne.example.com:5000/v3',
    );
    const wrong = PLAIN.replace('keystone.example.com', '{nothing}.example.com');
    expect(refusal({ files: { [ETC]: wrong } })).toContain('uses {nothing}, which is not set');
  });

  it.each([
    ['insecure: true', true],
    ['insecure: "TRUE"', true],
    ['insecure: "1"', false],
    ['verify: false', true],
    ['verify: true', false],
    ['{insecure: false, verify: false}', true],
  ])('reads %s', (line, insecure) => {
    const extra = line.startsWith('{') ? line.slice(1, -1).replace(', ', '\n    ') : line;
    expect(loaded({ files: { [ETC]: `${PLAIN}    ${extra}\n` } }).tls.insecure).toBe(insecure);
  });

  it('chooses among regions and takes their values', () => {
    const text = `${PLAIN.replace('    region_name: RegionOne\n', '')}    regions:
      - north
      - {name: south, values: {interface: admin}}
`;
    expect(loaded({ files: { [ETC]: text } }).region).toBe('north');
    const south = loaded({ files: { [ETC]: text }, env: { OS_REGION_NAME: 'south' } });
    expect(south).toMatchObject({ region: 'south', interfaces: ['admin'] });
    expect(refusal({ files: { [ETC]: text }, overrides: { region_name: 'South' } })).toContain(
      'none of the regions of cloud "prod": north, south',
    );
  });

  it('reads application credentials, also without auth_type', () => {
    const text = `
clouds:
  prod:
    auth: {auth_url: http://k:5000/v3, application_credential_id: a, application_credential_secret: s}
`;
    expect(loaded({ files: { [ETC]: text } })).toMatchObject({
      auth: { kind: 'application-credential', credential: { id: 'a' }, secret: 's' },
      project: null,
    });
  });
});

describe('the choice of a cloud', () => {
  const TWO = `${PLAIN}${PLAIN.replace('clouds:\n', '').replace('prod', 'test').trimStart().replace(/^/, '  ')}`;

  it('goes by option, OS_CLOUD, environment, the only one', () => {
    const files = { [ETC]: TWO };
    expect(loaded({ files, cloudName: 'test', env: { OS_CLOUD: 'prod' } }).name).toBe('test');
    expect(loaded({ files, env: { OS_CLOUD: 'test', ...ENV } }).name).toBe('test');
    expect(loaded({ files, env: ENV }).name).toBe('envvars');
    expect(refusal({ files })).toContain('several clouds (prod, test)');
    expect(refusal({ files, cloudName: 'nosuch' })).toContain(
      'no cloud "nosuch" (the key cloud, or --os-cloud): ',
    );
  });

  it('reads the environment alone', () => {
    const cloud = loaded({ env: { ...ENV, OS_REGION_NAME: 'R', OS_CACERT: '/ca' } });
    expect(cloud).toMatchObject({
      authUrl: 'http://keystone:5000',
      auth: { kind: 'password', user: { name: 'admin', domain: { id: 'default' } } },
      region: 'R',
      tls: { cacert: '/ca' },
    });
  });

  it('does not mix the environment into a cloud of a file, apart from four settings', () => {
    const env = { ...ENV, OS_CLOUD: 'prod', OS_INTERFACE: 'public' };
    const cloud = loaded({ files: { [ETC]: PLAIN }, env });
    expect(cloud.authUrl).toBe('https://keystone.example.com:5000/v3');
    expect(cloud.interfaces).toEqual(['public']);
  });

  it('needs more than selectors for a cloud of the environment', () => {
    expect(refusal({ env: { OS_REGION_NAME: 'R', OS_TEST_X: '1' } })).toContain(
      'no cloud is configured',
    );
  });

  it('takes options alone', () => {
    const overrides = { auth_url: 'http://k/v3', username: 'u', password: 'p', project_name: 'a' };
    expect(loaded({ overrides }).authUrl).toBe('http://k/v3');
  });

  it('lets an option silence its siblings', () => {
    const text = PLAIN.replace('project_name: admin', 'project_id: abc');
    const cloud = loaded({ files: { [ETC]: text }, overrides: { tenant_name: 'ops' } });
    expect(cloud.project).toMatchObject({ name: 'ops' });
  });

  it('refuses a file cloud that is named like the one of the environment', () => {
    const files = { [ETC]: PLAIN.replace('prod', 'envvars') };
    expect(refusal({ files, env: ENV })).toContain('rename one of them');
  });
});

describe('what is wrong with credentials is said with place and remedy', () => {
  it.each([
    ['auth_url: https', 'auth_irl: https', 'has no auth_url'],
    ['https://keystone', 'keystone', 'must start with http(s)://'],
    ['5000/v3/', '5000/v2.0', 'v2.0, which is gone'],
    ['password: s3cret', 'password:', 'auth.password is missing'],
    ['password: s3cret', 'password: yes', 'put its value in quotes'],
    ['project_name: admin', 'x: y', 'auth.project_name is missing'],
    ['project_name: admin', 'system_scope: all', 'only project-scoped tokens'],
    ['interface: internal', 'interface: inside', 'public, internal or admin'],
    ['interface: internal', 'auth_type: v3oidcpassword', 'not supported: use password'],
    ['password: s3cret', 'password: x\n      passcode: 123', 'application credential'],
  ])('%s → %s', (from, to, message) => {
    expect(refusal({ files: { [ETC]: PLAIN.replace(from, to) } })).toContain(message);
  });

  it('names an unsupported vendor profile', () => {
    const files = { [ETC]: 'clouds: {x: {profile: https://vendor.example, auth: {username: u}}}' };
    expect(refusal({ files })).toContain('vendor profile "https://vendor.example"');
  });

  it('shows line and column of broken YAML', () => {
    const broken = parseCloudFile(ETC, 'clouds:\n  prod:\n    auth: {a: b\n  c: d\n');
    expect(broken).toMatchObject({ kind: 'error' });
    expect(broken.kind === 'error' ? broken.message : '').toMatch(
      /^\/etc\/openstack\/clouds\.yaml, line \d, column \d+: this is not valid YAML/,
    );
  });

  it('wants mappings', () => {
    expect(refusal({ files: { [ETC]: 'clouds: [prod]' } })).toContain('must be a mapping');
    expect(refusal({ files: { [ETC]: 'clouds: {prod: text}' } })).toContain('must be a mapping');
    expect(refusal({ files: { [ETC]: '' } })).toContain('no cloud is configured');
  });

  it('keeps secrets out of the messages', () => {
    const text = PLAIN.replace('interface: internal', 'interface: inside');
    expect(refusal({ files: { [ETC]: text } })).not.toContain('s3cret');
  });
});
