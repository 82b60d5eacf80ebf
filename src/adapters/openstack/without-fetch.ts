/**
 * To be imported before axios. While it loads, axios tries out the Fetch API, and at that Node loads all
 * of it: a tenth of the CPU time of a fence agent. Nothing here uses axios' fetch adapter or its forms.
 */
const hidden = ['fetch', 'Request', 'Response', 'FormData'].map(
  (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
);
// Taken away and not overwritten: they load what they stand for as soon as they are asked.
for (const [name] of hidden) Reflect.deleteProperty(globalThis, name);

/** Gives them back, for whoever else runs in this process. */
export function giveFetchBack(): void {
  for (const [name, descriptor] of hidden) {
    if (descriptor !== undefined) Object.defineProperty(globalThis, name, descriptor);
  }
}
