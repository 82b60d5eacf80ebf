import * as v from 'valibot';

// Only what we read; unknown keys are dropped unseen. Lists of a thousand rows pass through here in
// every turn, so there are no pipes, transforms or unions where a plain type does.

const text = v.string();
const textOrNull = v.nullish(text, null);

/** A row of `GET /os-services`; in the rows of unreachable cells everything but the host is missing. */
export const serviceRow = v.object({
  id: v.optional(v.union([text, v.number()])),
  binary: v.optional(text, 'nova-compute'),
  host: text,
  zone: v.optional(text, ''),
  status: text,
  state: v.optional(text),
  forced_down: v.optional(v.boolean(), false),
  disabled_reason: textOrNull,
  updated_at: textOrNull,
});

/** `GET /os-services`. */
export const serviceList = v.object({ services: v.array(serviceRow) });

/** `PUT /os-services/{uuid}`. */
export const oneService = v.object({ service: serviceRow });

const flavor = v.object({
  original_name: v.optional(text, ''),
  vcpus: v.optional(v.number(), 0),
  ram: v.optional(v.number(), 0),
  disk: v.optional(v.number(), 0),
  ephemeral: v.optional(v.number(), 0),
  swap: v.optional(v.number(), 0),
  extra_specs: v.optional(v.record(text, text)),
});

const image = v.union([v.string(), v.object({ id: text })]);
const fault = v.optional(v.object({ message: v.optional(text, ''), created: textOrNull }));

// Nullish, not optional: `undefined` must stay apart from null, it means that policy hides the host.
const sightingFields = {
  id: text,
  'OS-EXT-SRV-ATTR:host': v.optional(v.nullable(text)),
  'OS-EXT-STS:vm_state': v.optional(text),
  'OS-EXT-STS:task_state': textOrNull,
  image: v.optional(v.nullable(image)),
  fault,
};

/** What tells whether an image is a snapshot; `instance_uuid` and `image_type` are Nova's properties. */
export const snapshotRow = v.object({
  id: text,
  name: textOrNull,
  owner: text,
  created_at: text,
  instance_uuid: textOrNull,
  image_type: textOrNull,
  min_disk: v.optional(v.number(), 0),
});

/** What is read of a server that is only looked for. */
export const sightingRow = v.object(sightingFields);

/** What is read of a server of a failed host. */
export const serverRow = v.object({
  ...sightingFields,
  name: v.optional(text, ''),
  tenant_id: v.optional(text, ''),
  'OS-EXT-STS:power_state': v.optional(v.number(), 0),
  flavor,
  metadata: v.optional(v.record(text, text)),
  tags: v.optional(v.array(text)),
  locked: v.optional(v.boolean(), false),
  locked_reason: textOrNull,
  'OS-EXT-AZ:availability_zone': textOrNull,
  'OS-SRV-USG:launched_at': textOrNull,
  created: v.optional(text, ''),
});

/** The link to a further page: whether it is there counts, its address is never used. */
const links = v.optional(v.array(v.object({ rel: text })));

/** A page of `GET /servers/detail`, read as inventory. */
export const serverPage = v.object({ servers: v.array(serverRow), servers_links: links });

/** A page of `GET /servers/detail`, read for whereabouts. */
export const sightingPage = v.object({ servers: v.array(sightingRow), servers_links: links });

/** `GET /servers/{id}`. */
export const oneServer = v.object({ server: sightingRow });

/** A row of `GET /os-migrations`. */
export const migrationRow = v.object({
  id: v.number(),
  uuid: v.optional(text),
  instance_uuid: text,
  migration_type: v.optional(text),
  status: text,
  source_compute: textOrNull,
  dest_compute: textOrNull,
  created_at: v.optional(text, ''),
  updated_at: textOrNull,
});

/** A page of `GET /os-migrations`. */
export const migrationPage = v.object({
  migrations: v.array(migrationRow),
  migrations_links: links,
});

/** `GET /servers/{id}/os-instance-actions`, newest first. */
export const actionList = v.object({
  instanceActions: v.array(v.object({ action: text, request_id: text, start_time: text })),
});

/** `GET /servers/{id}/os-instance-actions/{request}`. */
export const oneAction = v.object({
  instanceAction: v.object({
    events: v.optional(
      v.array(
        v.object({
          event: text,
          start_time: textOrNull,
          finish_time: textOrNull,
          result: textOrNull,
          host: v.optional(textOrNull, null),
          details: v.optional(textOrNull, null),
        }),
      ),
      [],
    ),
  }),
});

/** A page of `GET /os-server-groups`; `policy` from 2.64 on, `policies` before. */
export const groupPage = v.object({
  server_groups: v.array(
    v.object({
      id: text,
      name: v.optional(text, ''),
      policy: textOrNull,
      policies: v.optional(v.array(text)),
      members: v.optional(v.array(text), []),
    }),
  ),
});

/** `GET /os-aggregates`. */
export const aggregateList = v.object({
  aggregates: v.array(
    v.object({
      id: v.number(),
      name: text,
      availability_zone: textOrNull,
      metadata: v.record(text, text),
      hosts: v.array(text),
    }),
  ),
});

/** A page of `GET /flavors/detail`; without the right policy the extra specs are missing. */
export const flavorPage = v.object({
  flavors: v.array(
    v.object({ id: text, name: text, extra_specs: v.optional(v.record(text, text)) }),
  ),
  flavors_links: links,
});

/** A page of Glance's `GET /v2/images`: custom properties lie beside the fields of its own. */
export const imagePage = v.object({
  images: v.array(v.looseObject({ id: text, name: textOrNull, tags: v.array(text) })),
  next: v.optional(text),
});
