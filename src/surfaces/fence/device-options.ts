import {
  numberOption,
  secondsOption,
  switchOption,
  textOption,
  type FenceOption,
} from './option.ts';

const NO_EFFECT = 'Taken, without effect';

/** The options that every fence agent has. */
export const DEVICE_OPTIONS: readonly FenceOption[] = [
  switchOption('quiet', 'q', 'Write nothing to standard error'),
  switchOption('verbose', 'v', 'Tell more; on a command line -vv tells most'),
  numberOption(
    'verbose_level',
    '[level]',
    'How much to tell: 0 the usual, 1 and more for details',
    {
      note: 'The default is the number of -v, or 1 for verbose=1 on standard input.',
    },
  ),
  textOption('debug_file', 'D [debugfile]', 'File to which details are appended', {
    older: ['debug'],
  }),
  switchOption('version', 'V', 'Print the version and exit'),
  switchOption('help', 'h', 'Print this help and exit'),
  textOption('plug_separator', '[char]', 'What separates several hosts in plug', { default: ',' }),
  textOption('separator', 'C [char]', 'What separates the columns of "list"', { default: ',' }),
  secondsOption('delay', '0', 'Wait this long before "off"'),
  textOption('disable_timeout', '[true/false]', 'Let power_timeout not count', {
    note: 'True by default when Pacemaker runs the agent.',
  }),
  secondsOption('login_timeout', '5', NO_EFFECT),
  secondsOption(
    'power_timeout',
    '20',
    'Given by hand: stands for retry_timeout and settle_timeout',
    {
      note: 'Counts only when it is given and disable_timeout is not true.',
    },
  ),
  secondsOption('power_wait', '0', NO_EFFECT),
  secondsOption('shell_timeout', '180', NO_EFFECT),
  secondsOption('stonith_status_sleep', '1', 'Pause between two looks while "on" waits'),
  numberOption('retry_on', '[attempts]', NO_EFFECT, { default: '1' }),
];
