import { describe, expect, it } from 'vitest';
import { createNotifier } from '../../src/adapters/systemd.ts';

function setUp(env: Readonly<Record<string, string>>) {
  const sent: string[] = [];
  const open: (() => void)[] = [];
  let now = 0;
  const notifier = createNotifier({
    env,
    monotonicMs: () => now,
    send: (assignments) => {
      sent.push(assignments.join(' '));
      return new Promise((resolve) => open.push(resolve));
    },
  });
  /** Lets systemd read everything, until nothing is under way. */
  const drain = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      next();
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  return { notifier, sent, drain, pass: (ms: number) => void (now += ms) };
}

const SYSTEMD = { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '60000000' };

describe('the notifier', () => {
  it('says nothing without a service manager', () => {
    const { notifier, sent } = setUp({});
    notifier.ready();
    notifier.turned('idle');
    notifier.stopping();
    expect(sent).toEqual([]);
  });

  it('feeds the watchdog with turns, three times per interval at most', async () => {
    const { notifier, sent, drain, pass } = setUp(SYSTEMD);
    for (let second = 0; second < 60; second += 1) {
      notifier.turned('idle');
      await drain();
      pass(1000);
    }
    expect(sent.filter((message) => message.includes('WATCHDOG=1'))).toHaveLength(3);
  });

  it('tells a status that no program could be given as it is', async () => {
    const { notifier, sent, drain } = setUp({ NOTIFY_SOCKET: '/run/n' });
    notifier.turned('Nova says: no\u0000\nnever');
    await drain();
    expect(sent).toEqual(['STATUS=Nova says: no never']);
  });

  it('tells a status when it changes', async () => {
    const { notifier, sent, drain, pass } = setUp({ NOTIFY_SOCKET: '/run/n' });
    for (const status of ['idle', 'idle', 'compute-1\nevacuating']) {
      notifier.turned(status);
      await drain();
      pass(3000);
    }
    expect(sent).toEqual(['STATUS=idle', 'STATUS=compute-1 evacuating']);
  });

  it('never has two messages under way and sends only the newest of what waited', async () => {
    const { notifier, sent, drain, pass } = setUp(SYSTEMD);
    notifier.ready();
    for (const status of ['a', 'b', 'c']) {
      notifier.turned(status);
      pass(20_000);
    }
    expect(sent).toEqual(['READY=1']);
    await drain();
    expect(sent).toEqual(['READY=1', 'WATCHDOG=1 STATUS=c']);
  });

  it('says at once that it stops: the process does not live to send what waits', () => {
    const { notifier, sent } = setUp(SYSTEMD);
    notifier.ready();
    notifier.turned('idle');
    notifier.stopping();
    expect(sent).toEqual(['READY=1', 'STOPPING=1']);
  });

  it('tells the beginning and the end of a reload in messages of their own', async () => {
    const { notifier, sent, drain } = setUp(SYSTEMD);
    notifier.ready();
    notifier.reloading();
    notifier.turned('idle');
    notifier.ready();
    await drain();
    expect(sent.map((message) => message.replace(/\d{4,}/, 'N'))).toEqual([
      'READY=1',
      'RELOADING=1 MONOTONIC_USEC=N',
      'READY=1',
      'WATCHDOG=1 STATUS=idle',
    ]);
  });

  it('leaves a watchdog alone that is meant for another process', async () => {
    const { notifier, sent, drain } = setUp({ ...SYSTEMD, WATCHDOG_PID: '1' });
    notifier.turned('idle');
    await drain();
    expect(sent.join()).not.toContain('WATCHDOG');
  });
});
