import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/surfaces/fence/arguments.ts';
import { indexOptions, optionsOf } from '../../../src/surfaces/fence/options.ts';

const index = indexOptions(optionsOf('fence_nova'));
const parse = (...argv: string[]) => parseArguments(argv, index);
const valuesOf = (...argv: string[]) => Object.fromEntries(parse(...argv).values);

describe('the command line', () => {
  it('takes short and long options in all of their forms', () => {
    const expected = { plug: 'a', action: 'off' };
    expect(valuesOf('-n', 'a', '-o', 'off')).toEqual(expected);
    expect(valuesOf('-na', '-ooff')).toEqual(expected);
    expect(valuesOf('--plug=a', '--action', 'off')).toEqual(expected);
    expect(valuesOf('--port', 'a', '--action=off')).toEqual(expected);
    expect(valuesOf('--project_domain=x', '--reg=y')).toEqual({
      project_domain: 'x',
      region_name: 'y',
    });
  });

  it('counts -v', () => {
    expect(valuesOf('-vv', '-v')).toEqual({ verbose: '1', verbose_level: '3' });
    expect(valuesOf('-qvn', 'a')).toMatchObject({ quiet: '1', plug: 'a' });
    expect(valuesOf('-v', '--verbose-level=0')).toMatchObject({ verbose_level: '0' });
  });

  it('takes an empty value and a value that looks like an option', () => {
    expect(valuesOf('--domain=', '-p', '-secret')).toEqual({ domain: '', password: '-secret' });
  });

  it('says what is wrong', () => {
    expect(parse('--nosuch').problem).toBe('option --nosuch is unknown.');
    expect(parse('-Z').problem).toBe('option -Z is unknown.');
    expect(parse('-n').problem).toBe('option -n needs a value.');
    expect(parse('--p=x').problem).toBe('option --p is ambiguous.');
    expect(parse('--insecure=perhaps').problem).toMatch(/is a switch/);
    expect(parse('--', '-n').problem).toBeNull();
  });

  it('warns about other words without repeating them', () => {
    expect(parse('hunter2', '-n', 'a').warnings).toEqual([
      '1 unused arguments on the command line are ignored.',
    ]);
  });

  it('takes anything without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 })), (argv) => {
        parse(...argv);
      }),
    );
  });
});
