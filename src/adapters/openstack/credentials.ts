/** A domain by id or by name. */
export type DomainRef = { readonly id: string } | { readonly name: string };

/** A user or project: an id stands alone, a name needs its domain. */
export type Ref = { readonly id: string } | { readonly name: string; readonly domain: DomainRef };

/** How we sign in at Keystone. */
export type AuthMethod =
  | { readonly kind: 'password'; readonly user: Ref; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'application-credential';
      readonly credential: { readonly id: string } | { readonly name: string; readonly user: Ref };
      readonly secret: string;
    }
  /** No Keystone at all: a fixed endpoint, and a fixed token if there is one (tests, admin_token). */
  | { readonly kind: 'fixed'; readonly endpoint: string; readonly token: string | null };

/** The TLS settings of a cloud; paths are absolute or relative to the working directory. */
export interface TlsSettings {
  /** True: certificates are not checked at all. */
  readonly insecure: boolean;
  readonly cacert: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** Everything needed to talk to one region of one cloud, as clouds.yaml, OS_* and options gave it. */
export interface CloudCredentials {
  readonly name: string;
  /** Empty for the `fixed` method. */
  readonly authUrl: string;
  readonly auth: AuthMethod;
  /** The project to scope to; null for application credentials, which bring their own. */
  readonly project: Ref | null;
  readonly region: string | null;
  /** The endpoint interfaces in order of preference: public, internal, admin. */
  readonly interfaces: readonly string[];
  /** Bypasses the catalog when set. */
  readonly computeEndpoint: string | null;
  readonly computeServiceType: string;
  readonly computeServiceName: string | null;
  /** Addresses of other services (`image`, `placement`) that bypass the catalog. */
  readonly endpointOverrides?: Readonly<Record<string, string>>;
  readonly tls: TlsSettings;
}
