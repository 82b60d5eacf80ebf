import { describe, expect, test } from 'vitest';
import {
  decodeHistory,
  decodeRecord,
  decodeSummary,
  encodeHistory,
  encodeRecord,
  encodeSummary,
} from '../src/adapters/store/codec.ts';
import { asEvent, asHost } from '../src/domain/ids.ts';
import { summaryOf } from '../src/domain/summary.ts';
import { everyProgress, fullRecord, markedRecord } from './support/record.ts';

const host = asHost('compute-1');

/** The encoded record with one piece of its text replaced. */
function altered(from: string, to: string): string {
  const whole = encodeRecord(fullRecord(everyProgress.length));
  const text = whole.replace(from, to);
  expect(text).not.toBe(whole);
  return text;
}

describe('the codec', () => {
  test('gives back every record as it was', () => {
    for (const record of [markedRecord(), fullRecord(100)]) {
      const decoded = decodeRecord(encodeRecord(record), host);
      expect(decoded).toEqual({ kind: 'decoded', value: record });
    }
  });

  test('gives back summaries and history lines, each on one line', () => {
    const summary = summaryOf(fullRecord(20));
    expect(encodeSummary(summary)).not.toContain('\n');
    expect(decodeSummary(encodeSummary(summary), host)).toEqual({
      kind: 'decoded',
      value: summary,
    });
    const entry = {
      at: 1,
      host,
      event: asEvent('e'),
      what: 'marked',
      instance: null,
      detail: 'two\nlines',
    };
    expect(encodeHistory(entry)).not.toContain('\n');
    expect(decodeHistory(encodeHistory(entry))).toEqual({ kind: 'decoded', value: entry });
  });

  test.each([
    ['', 'it is empty'],
    ['{"format":1,"rec', 'it is no JSON'],
    ['"yes"', 'not written by nova-ha'],
    ['{"worker":"x"}', 'not written by nova-ha'],
    ['{"format":2,"record":{}}', 'update this one'],
    ['{"format":0,"record":{}}', 'its format 0 is unknown'],
    ['{"format":"x","record":{}}', 'format "x" is unknown'],
    ['{"format":1}', 'record: expected an object, found nothing'],
    ['{"format":1,"record":[]}', 'record: expected an object, found a list'],
  ])('tells what is wrong with %j', (text, problem) => {
    expect(decodeRecord(text, host)).toMatchObject({
      kind: 'damaged',
      problem: expect.stringContaining(problem) as string,
    });
  });

  test.each([
    ['"phase":"evacuating"', '"phase":"flying"', 'record.phase: expected one of marked,'],
    ['"at":"intended"', '"at":"wished"', '.progress.at: expected one of pending,'],
    ['"migration":18', '"migration":"18"', '.progress.migration: expected a number, found "18"'],
    ['"powerState":1', '"powerState":1e999', '.before.powerState: expected a number, found null'],
    ['"NH401"', '"NH999"', 'why.code: expected one of'],
    ['"locked":false', '"locked":0', '.before.locked: expected true or false, found 0'],
    ['"reasons":[', '"reasons":[7,', 'record.reasons[0]: expected an object, found 7'],
    ['"instances":{', '"instances":null,"x":{', 'record.instances: expected an object, found null'],
    ['"host":"compute-1"', '"host":"compute-2"', 'it says that it belongs to host "compute-2"'],
  ])('finds %s -> %s', (from, to, problem) => {
    expect(decodeRecord(altered(from, to), host)).toMatchObject({
      kind: 'damaged',
      problem: expect.stringContaining(problem) as string,
    });
  });

  test('reads a record with fields that a later release of the same format added', () => {
    const text = altered('"excused":', '"flavour":"new","excused":');
    expect(decodeRecord(text, host).kind).toBe('decoded');
  });
});
