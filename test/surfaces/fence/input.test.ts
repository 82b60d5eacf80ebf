import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInput } from '../../../src/surfaces/fence/input.ts';
import { indexOptions, optionsOf } from '../../../src/surfaces/fence/options.ts';

const index = indexOptions(optionsOf('fence_nova'));
const parse = (text: string | Uint8Array) =>
  parseInput(typeof text === 'string' ? new TextEncoder().encode(text) : text, index);
const valuesOf = (text: string | Uint8Array) => Object.fromEntries(parse(text).values);

describe('standard input', () => {
  it('takes what Pacemaker sends', () => {
    const given = parse(
      'nodename=compute-1\nrecord_only=1\npassword=secret\ndomain=\naction=off\nusername=admin\n' +
        'auth_url=http://10.77.0.1:5000/v3\nplug=c1.example.com\n',
    );
    expect(given.problem).toBeNull();
    expect(given.warnings).toEqual([]);
    expect(Object.fromEntries(given.values)).toEqual({
      record_only: '1',
      password: 'secret',
      domain: '',
      action: 'off',
      username: 'admin',
      auth_url: 'http://10.77.0.1:5000/v3',
      plug: 'c1.example.com',
    });
  });

  it('takes every older spelling, - and _ alike', () => {
    for (const [text, name] of [
      ['login=x', 'username'],
      ['passwd=x', 'password'],
      ['passwd_script=x', 'password_script'],
      ['port=x', 'plug'],
      ['user-domain=x', 'user_domain'],
      ['project-domain=x', 'project_domain'],
      ['compute-domain=x', 'compute_domain'],
      ['auth-url=x', 'auth_url'],
      ['debug=x', 'debug_file'],
    ] as const) {
      expect(valuesOf(text)).toEqual({ [name]: 'x' });
    }
  });

  it('takes nodename for a missing or empty plug only', () => {
    expect(valuesOf('nodename=a')).toEqual({ plug: 'a' });
    expect(valuesOf('nodename=a\nplug=')).toEqual({ plug: 'a' });
    expect(valuesOf('nodename=a\nplug=b')).toEqual({ plug: 'b' });
    expect(valuesOf('nodename=\nplug=')).toEqual({ plug: '' });
  });

  it('takes the newer one of two spellings, in whatever order they come', () => {
    for (const text of ['plug=a\nport=b\n', 'port=b\nplug=a\n']) {
      expect(valuesOf(text)).toEqual({ plug: 'a' });
      expect(parse(text).warnings).toEqual(['"port" is ignored because "plug" says otherwise.']);
    }
    expect(parse('port=a\nplug=a').warnings).toEqual([]);
    expect(valuesOf('plug=a\nplug=b')).toEqual({ plug: 'b' });
    expect(parse('passwd=0ld\npassword=n3w').warnings.join()).not.toMatch(/0ld|n3w/);
  });

  it('takes an empty number for none', () => {
    expect(valuesOf('delay=\nverbose_level=\nplug=a')).toEqual({ plug: 'a' });
  });

  it('takes tabs, CR and LF in all their combinations', () => {
    expect(valuesOf('\tplug\t=\ta\t\r\n\r\taction=off\r#plug=b\r\n')).toEqual({
      plug: 'a',
      action: 'off',
    });
  });

  it('ignores comments, blank lines, CR and one pair of quotes', () => {
    expect(valuesOf('# x\r\n\r\n  plug = "c 1" \r\n')).toEqual({ plug: 'c 1' });
    expect(valuesOf('password="a"b"\n')).toEqual({ password: 'a"b' });
    expect(valuesOf('password=a=b"\n')).toEqual({ password: 'a=b"' });
  });

  it('knows yes from no', () => {
    for (const word of ['1', 'yes', 'ON', 'True']) {
      expect(valuesOf(`insecure=${word}`)).toEqual({ insecure: '1' });
    }
    for (const word of ['0', 'no', 'off', 'FALSE']) {
      expect(valuesOf(`insecure=${word}`)).toEqual({ insecure: '0' });
    }
    expect(parse('insecure=maybe').warnings).toEqual([
      'line 1 of the input: "insecure" is ignored because it is neither yes nor no.',
    ]);
  });

  it('warns about unknown keys and lines without =, never repeating a value', () => {
    const { warnings, values } = parse('colour=s3cret\nhunter2\nplug\nplug=a\n');
    expect(warnings).toEqual([
      'line 1 of the input: the option "colour" is unknown and ignored.',
      'line 2 of the input, "…", has no "=" and is ignored.',
      'line 3 of the input, "plug", has no "=" and is ignored.',
    ]);
    expect(Object.fromEntries(values)).toEqual({ plug: 'a' });
  });

  it('refuses NUL, bytes that are no UTF-8 and endless values of known options', () => {
    expect(parse('plug=a\0b').problem).toMatch(/"plug" \(line 1 of the input\) contains a NUL/);
    expect(parse(new Uint8Array([...Buffer.from('plug='), 0xff, 0xfe])).problem).toMatch(/UTF-8/);
    expect(parse(`plug=${'x'.repeat(1_000_000)}`).problem).toMatch(/1000000 characters/);
    expect(parse(`colour=${'x'.repeat(1_000_000)}`).problem).toBeNull();
  });

  it('takes anything without throwing, with few and short warnings', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        const { warnings } = parse(bytes);
        expect(warnings.length).toBeLessThanOrEqual(21);
        expect(warnings.every((w) => w.length < 200 && !/\p{Cc}/u.test(w))).toBe(true);
      }),
    );
  });

  it('does not depend on the order of lines', () => {
    const lines = ['plug=a', 'action=off', 'password=p', 'insecure=1', 'x=y', 'delay=3'];
    fc.assert(
      fc.property(fc.shuffledSubarray(lines, { minLength: lines.length }), (shuffled) => {
        expect(new Map(parse(shuffled.join('\n')).values)).toEqual(
          new Map(Object.entries(valuesOf(lines.join('\n')))),
        );
      }),
    );
  });
});
