import type { Command, Exec, ExecOutcome } from '../../src/adapters/exec.ts';

/** An `Exec` that answers from a list of rules instead of running anything, and keeps what was asked. */
export interface ScriptedExec {
  readonly exec: Exec;
  readonly calls: Command[];
  /** Answers every command whose text (program and arguments) contains `part`; the newest rule first. */
  when(part: string, answer: ExecOutcome | ((command: Command) => ExecOutcome)): ScriptedExec;
}

/** A program that ended. */
export const ended = (stdout: string, code = 0, stderr = ''): ExecOutcome => ({
  kind: 'exited',
  code,
  stdout,
  stderr,
});

/** Makes one; a command without a rule is not installed. */
export function scriptedExec(): ScriptedExec {
  const rules: { part: string; answer: ExecOutcome | ((command: Command) => ExecOutcome) }[] = [];
  const calls: Command[] = [];
  const scripted: ScriptedExec = {
    calls,
    exec: (command) => {
      calls.push(command);
      const text = [command.program, ...command.args].join(' ');
      const rule = rules.find(({ part }) => text.includes(part));
      if (rule === undefined) {
        return Promise.resolve({
          kind: 'not-started',
          why: `${command.program} is not installed here`,
        });
      }
      const { answer } = rule;
      return Promise.resolve(typeof answer === 'function' ? answer(command) : answer);
    },
    when: (part, answer) => {
      rules.unshift({ part, answer });
      return scripted;
    },
  };
  return scripted;
}
