import { createSecureContext, rootCertificates } from 'node:tls';
import type { TlsSettings } from './credentials.ts';
import type { FileRead } from './disk.ts';

/** What `https.Agent` needs, or a sentence that names the file that is wrong. */
type TlsMaterial =
  | {
      readonly kind: 'ok';
      readonly options: {
        readonly ca: readonly string[];
        readonly rejectUnauthorized: boolean;
        readonly cert?: string;
        readonly key?: string;
      };
    }
  | { readonly kind: 'error'; readonly message: string };

// Node knows only the roots it was built with; operators add their own to the system's bundle.
const SYSTEM_BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/**
 * Reads the certificates of a cloud. A `cacert` replaces the trusted roots, as it does in
 * OpenStack's own clients; without one Node's roots and the system's bundle are trusted.
 */
export function readTls(settings: TlsSettings, readFile: (path: string) => FileRead): TlsMaterial {
  const files: { ca: string[]; cert?: string; key?: string } = { ca: [] };
  if (settings.cacert === null) {
    files.ca.push(...rootCertificates, ...systemRoots(readFile));
  } else {
    const pem = readPem('cacert', settings.cacert, CERTIFICATE, readFile);
    if (pem.kind === 'error') return pem;
    files.ca.push(pem.text);
  }
  if (settings.cert !== null) {
    const cert = readPem('cert', settings.cert, CERTIFICATE, readFile);
    if (cert.kind === 'error') return cert;
    // OpenStack's clients allow certificate and key in one file.
    const key = readPem('key', settings.key ?? settings.cert, PRIVATE_KEY, readFile);
    if (key.kind === 'error') return key;
    files.cert = cert.text;
    files.key = key.text;
  }
  const problem = unusable(files, settings);
  if (problem !== null) return { kind: 'error', message: problem };
  return { kind: 'ok', options: { ...files, rejectUnauthorized: !settings.insecure } };
}

type Pem =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'error'; readonly message: string };

function readPem(
  what: string,
  path: string,
  pattern: RegExp,
  readFile: (path: string) => FileRead,
): Pem {
  const read = readFile(path);
  if (read.kind === 'text') {
    if (pattern.test(read.text)) return read;
    const content = what === 'key' ? 'private key' : 'certificate';
    return { kind: 'error', message: `${what} ${path} holds no ${content} in PEM form` };
  }
  const why = read.kind === 'absent' ? 'it does not exist' : read.why;
  return { kind: 'error', message: `${what} ${path} cannot be read: ${why}` };
}

function systemRoots(readFile: (path: string) => FileRead): readonly string[] {
  for (const path of SYSTEM_BUNDLES) {
    const read = readFile(path);
    if (read.kind === 'text' && CERTIFICATE.test(read.text)) return [read.text];
  }
  return [];
}

/** Lets OpenSSL look at each file, so that the message can name the one that is damaged. */
function unusable(
  files: { readonly ca: readonly string[]; readonly cert?: string; readonly key?: string },
  settings: TlsSettings,
): string | null {
  const opens = (options: Parameters<typeof createSecureContext>[0]): string | null => {
    try {
      createSecureContext(options);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : 'not usable';
    }
  };
  if (settings.cacert !== null) {
    const why = opens({ ca: [...files.ca] });
    if (why !== null) return `cacert ${settings.cacert} is damaged: ${why}`;
  }
  if (files.cert === undefined || settings.cert === null) return null;
  const certWhy = opens({ cert: files.cert });
  if (certWhy !== null) return `cert ${settings.cert} is damaged: ${certWhy}`;
  const pairWhy = opens({
    cert: files.cert,
    ...(files.key === undefined ? {} : { key: files.key }),
  });
  if (pairWhy === null) return null;
  return `key ${settings.key ?? settings.cert} does not fit cert ${settings.cert}, or has a passphrase: ${pairWhy}`;
}
