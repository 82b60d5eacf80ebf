import { policyOf } from './policy.ts';
import type { Policy } from './policy.ts';
import type { Random } from './random.ts';

/** A Keystone project. */
export interface Project {
  readonly id: string;
  readonly name: string;
  readonly domainId: string;
}

/** A Keystone user with its roles per project name; the key `*system` stands for the system scope. */
export interface User {
  readonly id: string;
  readonly name: string;
  password: string;
  readonly domainId: string;
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly defaultProject: string | undefined;
}

/** An application credential: always its own project, never another scope. */
export interface ApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly userId: string;
  readonly projectId: string;
  readonly roles: readonly string[];
  expiresAtMs: number | undefined;
}

/** What a token stands for. */
export type TokenScope =
  | { readonly kind: 'unscoped' }
  | { readonly kind: 'project'; readonly project: Project }
  | { readonly kind: 'system' }
  | { readonly kind: 'domain' };

/** An issued token. */
export interface Token {
  readonly id: string;
  readonly user: User;
  readonly scope: TokenScope;
  readonly roles: readonly string[];
  readonly policy: Policy;
  readonly methods: readonly string[];
  readonly issuedAtMs: number;
  expiresAtMs: number;
}

/** One user of the simulated cloud. */
export interface UserSpec {
  readonly name: string;
  readonly password: string;
  /** Roles by project name. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly defaultProject?: string;
}

/** Who exists, and how the catalog looks. */
export interface IdentityOptions {
  readonly users?: readonly UserSpec[];
  readonly applicationCredentials?: readonly {
    readonly name: string;
    readonly id?: string;
    readonly secret: string;
    readonly user: string;
    readonly project: string;
  }[];
  /** Changes of single policy rules, by role. */
  readonly policy?: Readonly<Record<string, Partial<Policy>>>;
  readonly regions?: readonly string[];
  /** Shape of the compute endpoint in the catalog. */
  readonly computeUrl?: 'plain' | 'project' | 'unversioned';
}

/** The state of Keystone. */
export interface Identity {
  /** Where the cloud is reached, without a slash at the end. */
  baseUrl: string;
  readonly domain: { readonly id: string; readonly name: string };
  readonly regions: readonly string[];
  readonly computeUrl: 'plain' | 'project' | 'unversioned';
  readonly defaultProjectId: string;
  readonly defaultUserId: string;
  readonly projects: Map<string, Project>;
  readonly users: Map<string, User>;
  readonly applicationCredentials: Map<string, ApplicationCredential>;
  readonly policy: Readonly<Record<string, Partial<Policy>>>;
  readonly tokens: Map<string, Token>;
}

/** The administrator of every simulated cloud that names no users. */
export const DEFAULT_USERS: readonly UserSpec[] = [
  { name: 'admin', password: 'secret', roles: { admin: ['admin'], '*system': ['admin'] } },
  { name: 'demo', password: 'secret', roles: { demo: ['member'] } },
];

/** Fills Keystone with its users and projects; ids come from the seed. */
export function createIdentity(random: Random, options: IdentityOptions): Identity {
  const specs = options.users ?? DEFAULT_USERS;
  const projects = new Map<string, Project>();
  const users = new Map<string, User>();
  for (const spec of specs) {
    for (const name of Object.keys(spec.roles)) {
      if (name === '*system' || [...projects.values()].some((known) => known.name === name))
        continue;
      const project: Project = { id: random.hex(32), name, domainId: 'default' };
      projects.set(project.id, project);
    }
    const id = random.hex(32);
    users.set(id, { ...spec, id, domainId: 'default', defaultProject: spec.defaultProject });
  }
  const credentials = new Map<string, ApplicationCredential>();
  for (const spec of options.applicationCredentials ?? []) {
    const user = [...users.values()].find((known) => known.name === spec.user);
    const project = [...projects.values()].find((known) => known.name === spec.project);
    if (user === undefined || project === undefined) {
      throw new Error(`application credential ${spec.name}: unknown user or project`);
    }
    const id = spec.id ?? random.hex(32);
    const roles = user.roles[project.name] ?? [];
    const { name, secret } = spec;
    credentials.set(id, {
      id,
      name,
      secret,
      userId: user.id,
      projectId: project.id,
      roles,
      expiresAtMs: undefined,
    });
  }
  return {
    baseUrl: 'http://cloud.test',
    domain: { id: 'default', name: 'Default' },
    regions: options.regions ?? ['RegionOne'],
    computeUrl: options.computeUrl ?? 'plain',
    defaultProjectId: projects.keys().next().value ?? random.hex(32),
    defaultUserId: users.keys().next().value ?? random.hex(32),
    projects,
    users,
    applicationCredentials: credentials,
    policy: options.policy ?? {},
    tokens: new Map(),
  };
}

/** Issues a token. */
export function issueToken(
  identity: Identity,
  random: Random,
  fields: Omit<Token, 'id' | 'policy'>,
): Token {
  const token: Token = {
    ...fields,
    id: `gAAAAAB${random.hex(57)}`,
    policy: policyOf(fields.roles, identity.policy),
  };
  identity.tokens.set(token.id, token);
  return token;
}

/** The valid token of this id, if there is one; expired ones are forgotten. */
export function findToken(
  identity: Identity,
  id: string | undefined,
  nowMs: number,
): Token | undefined {
  if (id === undefined) return undefined;
  const token = identity.tokens.get(id);
  if (token !== undefined && token.expiresAtMs <= nowMs) {
    identity.tokens.delete(id);
    return undefined;
  }
  return token;
}
