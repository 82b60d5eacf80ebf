import type { ApplicationCredential, Identity, Project, TokenScope, User } from '../identity.ts';
import { findToken } from '../identity.ts';
import { asRecord, asText } from '../request.ts';

/** Who proved to be whom, and for what. */
export interface Authenticated {
  readonly user: User;
  readonly methods: readonly string[];
  readonly scope: TokenScope;
  readonly roles: readonly string[];
  /** A token got by a token does not live longer than that one. */
  readonly expiresAtMs: number | undefined;
}

function inDefaultDomain(identity: Identity, domain: unknown): boolean {
  const record = asRecord(domain);
  return record?.['id'] === identity.domain.id || record?.['name'] === identity.domain.name;
}

function findUser(identity: Identity, value: unknown): User | undefined {
  const record = asRecord(value);
  if (record === undefined) return undefined;
  const id = asText(record['id']);
  if (id !== undefined) return identity.users.get(id);
  if (!inDefaultDomain(identity, record['domain'])) return undefined;
  return [...identity.users.values()].find((user) => user.name === record['name']);
}

function findProject(identity: Identity, value: unknown): Project | undefined {
  const record = asRecord(value);
  if (record === undefined) return undefined;
  const id = asText(record['id']);
  if (id !== undefined) return identity.projects.get(id);
  if (!inDefaultDomain(identity, record['domain'])) return undefined;
  return [...identity.projects.values()].find((project) => project.name === record['name']);
}

function findCredential(
  identity: Identity,
  record: Record<string, unknown>,
): ApplicationCredential | undefined {
  const id = asText(record['id']);
  if (id !== undefined) return identity.applicationCredentials.get(id);
  const user = findUser(identity, record['user']);
  return [...identity.applicationCredentials.values()].find(
    (credential) => credential.name === record['name'] && credential.userId === user?.id,
  );
}

function resolveScope(identity: Identity, user: User, scope: unknown): TokenScope | undefined {
  if (scope === undefined) {
    const named = user.defaultProject;
    const project = [...identity.projects.values()].find((known) => known.name === named);
    return project === undefined ? { kind: 'unscoped' } : { kind: 'project', project };
  }
  if (scope === 'unscoped') return { kind: 'unscoped' };
  const record = asRecord(scope);
  if (record === undefined) return undefined;
  if (asRecord(record['system'])?.['all'] === true) return { kind: 'system' };
  if (record['domain'] !== undefined) return { kind: 'domain' };
  const project = findProject(identity, record['project']);
  return project === undefined ? undefined : { kind: 'project', project };
}

function rolesIn(user: User, scope: TokenScope): readonly string[] {
  if (scope.kind === 'project') return user.roles[scope.project.name] ?? [];
  return scope.kind === 'system' ? (user.roles['*system'] ?? []) : [];
}

function byApplicationCredential(
  identity: Identity,
  record: Record<string, unknown>,
  nowMs: number,
): Authenticated | undefined {
  const credential = findCredential(identity, record);
  if (credential === undefined || credential.secret !== record['secret']) return undefined;
  if (credential.expiresAtMs !== undefined && credential.expiresAtMs <= nowMs) return undefined;
  const user = identity.users.get(credential.userId);
  const project = identity.projects.get(credential.projectId);
  if (user === undefined || project === undefined) return undefined;
  return {
    user,
    methods: ['application_credential'],
    scope: { kind: 'project', project },
    roles: credential.roles,
    expiresAtMs: credential.expiresAtMs,
  };
}

/** Checks the credentials of POST /v3/auth/tokens; undefined is a 401, which never says what was wrong. */
export function authenticate(
  identity: Identity,
  auth: Record<string, unknown>,
  nowMs: number,
): Authenticated | undefined {
  const proof = asRecord(auth['identity']);
  const methods = Array.isArray(proof?.['methods']) ? (proof['methods'] as unknown[]) : [];
  if (proof === undefined) return undefined;
  if (methods.includes('application_credential')) {
    const record = asRecord(proof['application_credential']);
    return record === undefined ? undefined : byApplicationCredential(identity, record, nowMs);
  }
  let user: User | undefined;
  let expiresAtMs: number | undefined;
  if (methods.includes('token')) {
    const token = findToken(identity, asText(asRecord(proof['token'])?.['id']), nowMs);
    user = token?.user;
    expiresAtMs = token?.expiresAtMs;
  } else if (methods.includes('password')) {
    const record = asRecord(asRecord(proof['password'])?.['user']);
    const found = findUser(identity, record);
    user = found?.password === record?.['password'] ? found : undefined;
  }
  if (user === undefined) return undefined;
  const scope = resolveScope(identity, user, auth['scope']);
  if (scope === undefined) return undefined;
  const roles = rolesIn(user, scope);
  // Keystone refuses a scope in which the user has no role.
  if (scope.kind !== 'unscoped' && roles.length === 0) return undefined;
  return {
    user,
    methods: methods.filter((name) => typeof name === 'string'),
    scope,
    roles,
    expiresAtMs,
  };
}
