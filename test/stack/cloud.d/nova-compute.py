"""nova-compute on Nova's own fake driver, made a little more like a real hypervisor.

- Guests outlive nova-compute. STATE_PATH/guests (JSON: uuid -> [name, power state]; 1 runs,
  3 paused, 4 shut down, 7 suspended) is written after every change and read at start. So a
  nova-compute that comes back finds what was evacuated meanwhile and has to clean it up, and
  a guest that runs on two hosts at once is there to be seen.
- STATE_PATH/spawn-delay holds the seconds that a spawn (of a boot or an evacuation) takes;
  if STATE_PATH/spawn-fail exists, spawning raises. Both are read at each spawn.
- Guests leave the host that a live migration takes them from, and are shut down there by a
  cold one (FakeDriver leaves them running on both). A live migration takes spawn-delay, too.
- A guest that is not there is off, as libvirt has it: FakeDriver calls it not found, and Nova then
  takes the instance for deleted and leaves it `rebuilding` for ever.
- A snapshot gets a KiB of data in Glance (FakeDriver uploads none, and its image stays queued).
- NOVA_HA_SHARED=true: the host sees the disks of an evacuated instance.
"""
import functools
import io
import json
import os
import sys
import time

from nova.cmd.compute import main  # first: it does the monkey patching
import nova.conf
from nova import exception
from nova.image import glance
from nova.virt import fake

Driver = fake.FakeDriver
CHANGES = ('spawn', 'destroy', 'power_off', 'power_on', 'pause', 'unpause', 'suspend', 'resume',
           'reboot', 'finish_migration', 'finish_revert_migration', 'post_live_migration',
           'migrate_disk_and_power_off')


def state_file(name):
    return os.path.join(nova.conf.CONF.state_path, name)


def saving(method):
    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        finally:
            guests = {uuid: [g.name, g.state] for uuid, g in self.instances.items()}
            with open(state_file('guests.new'), 'w') as f:
                json.dump(guests, f)
            os.rename(state_file('guests.new'), state_file('guests'))
    return wrapper


def spawning(original):
    def spawn(self, context, instance, *args, **kwargs):
        try:
            with open(state_file('spawn-delay')) as f:
                time.sleep(float(f.read()))
        except (OSError, ValueError):
            pass
        if os.path.exists(state_file('spawn-fail')):
            raise exception.NovaException('spawn-fail on %s' % nova.conf.CONF.host)
        return original(self, context, instance, *args, **kwargs)
    return spawn


def remembering(original):
    def init_host(self, host):
        original(self, host)
        try:
            with open(state_file('guests')) as f:
                for uuid, (name, state) in json.load(f).items():
                    self.instances[uuid] = fake.FakeInstance(name, state, uuid)
        except OSError:
            pass
    return init_host


def set_state(value):
    # FakeDriver ignores pause, suspend, ...: keep the power state right for them too.
    def method(self, *args, **kwargs):
        instance = next(a for a in args if hasattr(a, 'uuid'))
        if instance.uuid in self.instances:
            self.instances[instance.uuid].state = value
    return method


def power_off(self, instance, timeout=0, retry_interval=0):
    if instance.uuid in self.instances:
        self.instances[instance.uuid].state = fake.power_state.SHUTDOWN


def instance_on_disk(self, instance):
    # FakeDriver says False; an evacuation that claims shared storage (onSharedStorage,
    # microversions below 2.14) then fails with InvalidSharedStorage.
    return os.environ.get('NOVA_HA_SHARED') == 'true'


def live_migrating(original):
    def live_migration(self, *args, **kwargs):
        try:
            with open(state_file('spawn-delay')) as f:
                time.sleep(float(f.read()))
        except (OSError, ValueError):
            pass
        return original(self, *args, **kwargs)
    return live_migration


def post_live_migration(self, context, instance, *args, **kwargs):
    # The guest has switched over: it is on the destination from now on.
    self.instances.pop(instance.uuid, None)


def migrate_disk_and_power_off(self, context, instance, *args, **kwargs):
    if instance.uuid in self.instances:
        self.instances[instance.uuid].state = fake.power_state.SHUTDOWN


def snapshotting(original):
    def snapshot(self, context, instance, image_id, update_task_state):
        original(self, context, instance, image_id, update_task_state)
        form = {'disk_format': 'raw', 'container_format': 'bare'}
        glance.API().update(context, image_id, form, io.BytesIO(bytes(1024)))
    return snapshot


Driver.snapshot = snapshotting(Driver.snapshot)
Driver.live_migration = live_migrating(Driver.live_migration)
Driver.post_live_migration = post_live_migration
Driver.migrate_disk_and_power_off = migrate_disk_and_power_off
Driver.spawn = spawning(Driver.spawn)
Driver.init_host = remembering(Driver.init_host)
Driver.power_off = power_off
Driver.instance_on_disk = instance_on_disk
Driver.pause = set_state(fake.power_state.PAUSED)
Driver.unpause = Driver.resume = set_state(fake.power_state.RUNNING)
Driver.suspend = set_state(fake.power_state.SUSPENDED)
for name in CHANGES:
    setattr(Driver, name, saving(getattr(Driver, name)))

sys.exit(main())
