import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/surfaces/fence/arguments.ts';
import { indexOptions, optionsOf } from '../../../src/surfaces/fence/options.ts';
import { requestOf, type FenceRequest } from '../../../src/surfaces/fence/request.ts';

const options = optionsOf('fence_nova');
const requested = (argv: readonly string[], env: Record<string, string> = {}) =>
  requestOf('fence_nova', options, parseArguments(argv, indexOptions(options)), env);

const request = (...argv: string[]): FenceRequest => {
  const result = requested(argv);
  if (result.kind !== 'ok') throw new Error(result.message);
  return result.request;
};

const message = (...argv: string[]): string => {
  const result = requested(argv);
  return result.kind === 'wrong' ? result.message : 'none';
};

describe('a request', () => {
  it('has fence_compute’s defaults', () => {
    expect(request('-n', 'a')).toMatchObject({
      action: 'off',
      plugs: ['a'],
      separator: ',',
      delayMs: 0,
      domain: null,
    });
  });

  it('leaves retries and waits below Pacemaker’s 60 s', () => {
    const { retryMs, isolateMs, settleMs } = request('-n', 'a');
    expect(retryMs + isolateMs).toBeLessThan(58_000);
    expect(settleMs).toBeLessThan(58_000);
  });

  it('knows the aliases of actions', () => {
    expect(request('-n', 'a', '-o', 'REBOOT').action).toBe('off');
    expect(request('-n', 'a', '-o', 'enable').action).toBe('on');
    expect(request('-n', 'a', '-o', 'disable').action).toBe('off');
    expect(request('-o', 'meta-data').action).toBe('metadata');
    expect(request('-h', '-o', 'off').action).toBe('help');
  });

  it('refuses what is no action, no host, no time', () => {
    expect(message('-o', 'bogus', '-n', 'a')).toBe("Failed: Unrecognised action 'bogus'.");
    expect(message('-o', 'off')).toMatch(/plug number or machine identification/);
    expect(message('-n', '$(reboot)')).toMatch(/"\$\(reboot\)" is no host/);
    expect(message('-n', 'a;b')).toMatch(/cannot contain ";"/);
    expect(message('-n', '../a')).toMatch(/is no host/);
    expect(message('-n', 'a', '--delay=5s')).toMatch(/not a valid time in seconds/);
    expect(message('-n', 'a', '--retry-on=-1')).toMatch(/not a valid integer/);
    expect(message('-o', 'monitor')).toBe('none');
  });

  it('splits plugs', () => {
    expect(request('-n', 'a, b,a').plugs).toEqual(['a', 'b']);
    expect(request('-n', 'a;b', '--plug-separator=;').plugs).toEqual(['a', 'b']);
  });

  it('gives the defaults of credentials only beside an auth_url', () => {
    expect(request('-n', 'a').settings).toMatchObject({ userDomain: null, endpointType: null });
    expect(request('-n', 'a', '-k', 'http://k', '--insecure').settings).toMatchObject({
      authUrl: 'http://k',
      userDomain: 'Default',
      projectDomain: 'Default',
      endpointType: 'internalURL',
      insecure: true,
    });
    expect(request('-n', 'a', '--insecure=0').settings.insecure).toBe(false);
  });

  it('takes compute_domain for domain', () => {
    expect(request('-n', 'a', '--compute-domain=x.y').domain).toBe('x.y');
    expect(request('-n', 'a', '-d', 'd', '--compute-domain=x.y').domain).toBe('d');
  });
});
