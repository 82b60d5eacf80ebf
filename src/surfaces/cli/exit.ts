/**
 * The exit codes of `nova-ha` and what they mean; fence and OCF agents have tables of their own.
 * 8 is the number that GitHub's `gh` uses for "pending".
 */
export const EXIT = {
  done: { code: 0, meaning: 'it was done' },
  failed: {
    code: 1,
    meaning: 'it failed, or an instance was not brought back (see the reasons in the output)',
  },
  usage: { code: 2, meaning: 'the command line or the configuration is wrong' },
  refused: { code: 3, meaning: 'it was refused; the output has the reason and what to do' },
  authentication: { code: 4, meaning: 'Keystone did not accept the credentials' },
  'store-unreachable': { code: 5, meaning: 'the store could not be reached or written' },
  pending: { code: 8, meaning: 'it goes on, but nobody watches any more (Ctrl-C, --timeout)' },
} as const;

/** The name of an exit code. */
export type ExitName = keyof typeof EXIT;
