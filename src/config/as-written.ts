import { isScalar, type ScalarTag, type Tags } from 'yaml';

type Tag = Tags[number];

const isNumber = (tag: Tag): tag is ScalarTag =>
  typeof tag !== 'string' && /:(int|float)$/.test(tag.tag) && !('collection' in tag);

/** A number only where nothing is lost: of `0815`, `1.10` or `0x1F` it would be another text. */
const asWritten = (tag: ScalarTag): ScalarTag => ({
  ...tag,
  resolve: (source, ...rest) => {
    const found = tag.resolve(source, ...rest);
    const value: unknown = isScalar(found) ? found.value : found;
    return String(value) === source ? value : source;
  },
});

/**
 * How YAML is read wherever a configuration holds it: what looks like a number may be a name, a
 * password or the outlet of a power switch, so it stays as it is written. Every kind of number takes
 * texts too. The library itself says nothing: what is wrong is ours to tell.
 */
export const AS_WRITTEN = {
  logLevel: 'error' as const,
  customTags: (tags: Tags): Tags => tags.map((tag) => (isNumber(tag) ? asWritten(tag) : tag)),
};
