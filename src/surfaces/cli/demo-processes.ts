import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** The processes of a demonstration, which have sessions of their own, and the directory they write to. */
export interface Cast {
  add<Child extends ChildProcess>(child: Child): Child;
  pids(): readonly number[];
  /** Lets them go on when this process ends. */
  leave(): void;
  /** Ends them; what they have written is kept where somebody must look at it. */
  end(files: 'remove' | 'keep'): Promise<void>;
}

/** However this process ends, short of SIGKILL: nothing of it goes on behind somebody's back. */
export function gatherCast(directory: string): Cast {
  const children: ChildProcess[] = [];
  const kill = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true });
  };
  const sweep = (): void => {
    kill();
    remove();
  };
  process.once('exit', sweep);
  return {
    add: (child) => {
      children.push(child);
      child.unref();
      return child;
    },
    pids: () => children.flatMap(({ pid }) => pid ?? []),
    leave: () => {
      process.off('exit', sweep);
    },
    end: async (files) => {
      await Promise.all(children.map(ended));
      if (files === 'remove') remove();
      process.off('exit', sweep);
    },
  };
}

/** The first line that a process says; null when it ends without. */
export async function firstLine(child: ChildProcess): Promise<string | null> {
  let text = '';
  child.stdout?.setEncoding('utf8');
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  return null;
}

/** Runs one command of ours and shows what was typed; true when it ended well. */
export function runCommand(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  process.stdout.write(`$ nova-ha ${args.join(' ')}\n`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit', env });
    const stop = (): void => {
      child.kill('SIGINT');
    };
    signal.addEventListener('abort', stop, { once: true });
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code === 0);
    });
  });
}

/** Ends a process of ours and waits until it is gone. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([gone, pause(3000)]);
  child.kill('SIGKILL');
}
