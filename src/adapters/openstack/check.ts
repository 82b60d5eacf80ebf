import { formatInstant } from '../../domain/time.ts';
import type { Clock } from '../../engine/ports.ts';
import type { Keystone } from './keystone.ts';
import { renewalMarginMs } from './keystone.ts';
import { read } from './reading.ts';
import { groupPage, migrationPage, sightingPage } from './schema.ts';
import { readFleet, SERVICES_MINOR } from './services.ts';
import type { Session } from './session.ts';

/** Something that stands in the way, or soon will, and how to mend it. */
export interface Problem {
  /** `fatal`: evacuations cannot work; `warning`: they work, with less safety or not for ever. */
  readonly severity: 'fatal' | 'warning';
  readonly message: string;
  readonly remedy: string;
}

// A name that no host has: whoever gets rows for it, gets them because the filter was dropped.
const NO_SUCH_HOST = 'nova-ha-check-no-such-host';

/** What {@link checkCompute} looks through. */
interface CheckDeps {
  readonly keystone: Keystone;
  readonly session: Session;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * The self check of `doctor` and of the worker's start: sign-in, endpoint, microversions, and the
 * policies whose lack Nova does not report but answers with other or fewer data. Reads only.
 */
export async function checkCompute(deps: CheckDeps): Promise<readonly Problem[]> {
  const grant = await deps.keystone.token();
  if (grant.kind === 'failure') {
    return [fatal(grant.message, 'mend the credentials (clouds.yaml, secure.yaml or OS_*)')];
  }
  const versions = await deps.session.versions();
  if ('cause' in versions) {
    return [
      ...checkToken(grant.token, deps),
      fatal(versions.message, 'mend the region, the interface or the endpoint of Nova'),
    ];
  }
  const old =
    versions.max < SERVICES_MINOR
      ? [
          warning(
            `Nova's highest microversion is 2.${versions.max}: below 2.${SERVICES_MINOR} it leaves services of unreachable cells out`,
            'upgrade Nova to Train or later; until then a missing host is taken for unknown',
          ),
        ]
      : [];
  const found = await Promise.all([
    checkServices(deps.session),
    checkServers(deps.session),
    checkMigrations(deps.session),
    checkGroups(deps.session),
  ]);
  return [...checkToken(grant.token, deps), ...old, ...found.flat()];
}

const fatal = (message: string, remedy: string): Problem => ({
  severity: 'fatal',
  message,
  remedy,
});

const warning = (message: string, remedy: string): Problem => ({
  severity: 'warning',
  message,
  remedy,
});

function checkToken(
  token: {
    readonly roles: readonly string[];
    readonly expiresAt: number;
    readonly lifetimeMs: number;
  },
  { clock }: CheckDeps,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (token.roles.length > 0 && !token.roles.includes('admin')) {
    problems.push(
      warning(
        `our roles are ${token.roles.join(', ')}: without admin Nova hides other projects' instances, unless its rule context_is_admin names one of them`,
        "give the user the role admin in its project, or name its role in Nova's context_is_admin",
      ),
    );
  }
  if (token.expiresAt - clock.now() <= renewalMarginMs(token.lifetimeMs)) {
    problems.push(
      warning(
        `the token ends at ${formatInstant(token.expiresAt)} and was not renewed: Nova needs it while an evacuation lasts`,
        'use a password or an application credential instead of a static token',
      ),
    );
  }
  return problems;
}

const policy = (...rules: readonly string[]): string =>
  `allow ${rules.map((rule) => `os_compute_api:${rule}`).join(' and ')} to our role in Nova's policy`;

async function checkServices(session: Session): Promise<readonly Problem[]> {
  const fleet = await readFleet(session);
  if (fleet.kind === 'unknown') {
    return [fatal(`the compute services cannot be read: ${fleet.why}`, policy('os-services:list'))];
  }
  if (fleet.value.services.size > 0) return [];
  return [fatal('Nova shows no nova-compute service', 'check region_name and the endpoint')];
}

async function checkServers(session: Session): Promise<readonly Problem[]> {
  const list = (query: Readonly<Record<string, string | number>>) =>
    read(
      session,
      {
        method: 'GET',
        path: '/servers/detail',
        query: { all_tenants: 1, limit: 1, ...query },
        minor: 73,
      },
      sightingPage,
    );
  const any = await list({});
  if (any.kind === 'unknown') {
    return [
      fatal(
        `the instances of all projects cannot be read: ${any.why}`,
        policy('servers:detail', 'servers:detail:get_all_tenants'),
      ),
    ];
  }
  const row = any.value.servers[0];
  if (row !== undefined && row['OS-EXT-SRV-ATTR:host'] === undefined) {
    return [
      fatal(
        'Nova does not show on which host an instance is',
        policy('os-extended-server-attributes'),
      ),
    ];
  }
  const filtered = await list({ host: NO_SUCH_HOST });
  if (filtered.kind === 'known' && filtered.value.servers.length > 0) {
    return [
      fatal(
        'Nova ignores the host filter of the instance list',
        policy('servers:allow_all_filters'),
      ),
    ];
  }
  return [];
}

async function checkMigrations(session: Session): Promise<readonly Problem[]> {
  const query = { migration_type: 'evacuation', limit: 1 };
  const call = { method: 'GET', path: '/os-migrations', query, minor: 59 } as const;
  const page = await read(session, call, migrationPage);
  if (page.kind === 'unknown') {
    return [fatal(`migrations cannot be read: ${page.why}`, policy('os-migrations:index'))];
  }
  const row = page.value.migrations[0];
  if (row === undefined || row.source_compute !== null) return [];
  return [
    fatal(
      'Nova hides the hosts of migrations',
      policy('os-migrations:index:all_projects', 'os-migrations:index:host'),
    ),
  ];
}

async function checkGroups(session: Session): Promise<readonly Problem[]> {
  const query = { all_projects: 'true', limit: 1 };
  const call = { method: 'GET', path: '/os-server-groups', query, minor: 64 } as const;
  const page = await read(session, call, groupPage);
  if (page.kind === 'known') return [];
  return [
    warning(
      `server groups cannot be read: ${page.why}`,
      policy('os-server-groups:index', 'os-server-groups:index:all_projects'),
    ),
  ];
}
