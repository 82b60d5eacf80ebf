import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the tests of the agents need, and a file of each package. */
const PACKAGES: Readonly<Record<string, string>> = {
  'fence-agents': '/usr/sbin/fence_compute',
  'resource-agents': '/usr/sbin/ocf-tester',
  'libxml2-utils': '/usr/bin/xmllint',
  'python3-pycurl': '/usr/share/doc/python3-pycurl',
  'python3-pexpect': '/usr/lib/python3/dist-packages/pexpect',
  'python3-novaclient': '/usr/lib/python3/dist-packages/novaclient',
  'python3-keystoneclient': '/usr/lib/python3/dist-packages/keystoneclient',
};

/** Installs Debian's packages where we may; else says exactly what to install. */
export async function ensureDebianPackages(): Promise<void> {
  const missing = Object.entries(PACKAGES)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`these tests need Debian's packages: apt-get install ${missing.join(' ')}`);
  }
  await run(
    'apt-get',
    ['-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', ...missing],
    { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 * 1024 * 1024 },
  );
}
