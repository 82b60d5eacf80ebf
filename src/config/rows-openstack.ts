import { optional, row, secret } from './row.ts';
import { flag, oneOf, path, text, verbatim } from './values.ts';

/** How OpenStack is reached; what is left out comes from clouds.yaml, secure.yaml and OS_*. */
export const OPENSTACK_ROWS = {
  cloud: optional(text(), 'the name of the cloud in clouds.yaml', 'OS_CLOUD, or the only cloud'),
  region: optional(
    text(),
    'the region, where the catalogue has several',
    "the catalogue's only one",
  ),
  interface: optional(
    oneOf('public', 'internal', 'admin'),
    'which endpoints of the catalogue are used',
    "clouds.yaml's, else public",
  ),
  'openstack.auth_url': optional(text('a URL'), "Keystone's address, instead of clouds.yaml's"),
  'openstack.username': optional(text(), 'the user'),
  'openstack.user_id': optional(text(), 'the user by id'),
  'openstack.user_domain_name': optional(text(), "the user's domain"),
  'openstack.user_domain_id': optional(text(), "the user's domain by id"),
  'openstack.password': secret(verbatim(), 'the password'),
  'openstack.password_file': optional(path(), 'a file that holds nothing but the password'),
  'openstack.project_name': optional(text(), 'the project to which the token is scoped'),
  'openstack.project_id': optional(text(), 'the project by id'),
  'openstack.project_domain_name': optional(text(), "the project's domain"),
  'openstack.project_domain_id': optional(text(), "the project's domain by id"),
  'openstack.application_credential_id': optional(text(), 'the application credential by id'),
  'openstack.application_credential_name': optional(text(), 'the application credential by name'),
  'openstack.application_credential_secret': secret(verbatim(), 'its secret'),
  'openstack.application_credential_secret_file': optional(path(), 'a file that holds its secret'),
  'openstack.cacert': optional(path(), 'the certificate authority of the endpoints, in PEM'),
  'openstack.cert': optional(path(), 'a client certificate, in PEM'),
  'openstack.key': optional(path(), "the client certificate's key, in PEM"),
  'openstack.insecure': row(flag(), false, 'do not verify certificates (for tests only)'),
} as const;
