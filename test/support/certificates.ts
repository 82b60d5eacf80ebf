import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, as files. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** An authority of one's own with certificates for 127.0.0.1, for another name, and for a client. */
export interface Authority {
  readonly ca: string;
  readonly server: Pair;
  readonly elsewhere: Pair;
  readonly client: Pair;
  file(name: string, text: string): string;
  read(path: string): string;
  remove(): void;
}

/** Makes them with the `openssl` command in a temporary directory. */
export function createAuthority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), 'nova-ha-tls-'));
  const path = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  const issue = (name: string, alternative: string): Pair => {
    openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(path(`${name}.ext`), `subjectAltName=${alternative}\n`);
    openssl(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return { cert: path(`${name}.pem`), key: path(`${name}.key`) };
  };
  return {
    ca: path('ca.pem'),
    server: issue('server', 'IP:127.0.0.1'),
    elsewhere: issue('elsewhere', 'DNS:elsewhere.example'),
    client: issue('client', 'DNS:client.example'),
    file: (name, text) => {
      writeFileSync(path(name), text);
      return path(name);
    },
    read: (file) => readFileSync(file, 'utf8'),
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
