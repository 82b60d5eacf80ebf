import { createAgentLog, type AgentIo } from '../agent-io.ts';
import type { AgentDeps } from '../agent-parts.ts';
import { within } from '../deadline.ts';
import { parseArguments } from './arguments.ts';
import { createCall, type Call } from './call.ts';
import { evacuateOff } from './evacuate.ts';
import type { Given } from './given.ts';
import { fenceHelp, fenceManpage } from './help.ts';
import { INPUT_LIMIT_BYTES, parseInput } from './input.ts';
import { fenceCheck, fenceList, fenceStatus } from './looking.ts';
import { fenceMetadata } from './metadata.ts';
import { fenceOff } from './off.ts';
import { fenceOn } from './on.ts';
import type { AgentName } from './option.ts';
import { indexOptions, optionsOf } from './options.ts';
import { isAboutItself, requestOf, type FenceRequest } from './request.ts';

/** A caller that never closes standard input is not waited for longer. */
const INPUT_MS = 10_000;

/** How long connections may take to close; the process ends anyway. */
const CLOSE_MS = 500;

/**
 * Runs a fence agent and gives its exit code: 0 done, 1 failed, 2 `status` says off. Options come from
 * the command line when there is one, else from standard input.
 */
export async function runFenceAgent(
  agent: AgentName,
  io: AgentIo,
  deps: AgentDeps,
): Promise<number> {
  const options = optionsOf(agent);
  const given = await givenTo(io, deps, indexOptions(options));
  const requested = requestOf(agent, options, given, io.env);
  const isQuiet = requested.kind === 'ok' && requested.request.quiet;
  if (!isQuiet) {
    for (const warning of given.warnings) io.err(`WARNING: Parse error: ${warning}\n`);
  }
  if (requested.kind === 'wrong') {
    io.err(`ERROR: ${requested.message}\nERROR: Please use '-h' for usage\n`);
    return 1;
  }
  const { request } = requested;
  if (isAboutItself(request.action)) {
    io.out(aboutItself(agent, request, deps.version));
    return 0;
  }
  const log = createAgentLog(io, {
    quiet: request.quiet,
    level: request.verbosity,
    debugFile: request.debugFile,
  });
  const call = createCall(agent, request, deps, log, (text) => {
    io.out(text);
  });
  try {
    return await act(call);
  } finally {
    await within(deps.clock, CLOSE_MS, call.close());
  }
}

async function givenTo(
  io: AgentIo,
  deps: AgentDeps,
  index: ReturnType<typeof indexOptions>,
): Promise<Given> {
  if (io.argv.length > 0) return parseArguments(io.argv, index);
  const problem = (text: string): Given => ({
    values: new Map(),
    nodename: null,
    warnings: [],
    problem: text,
  });
  const input = await within(deps.clock, INPUT_MS, io.readInput(INPUT_LIMIT_BYTES));
  if (input.kind === 'late') return problem('the end of standard input did not come.');
  if (input.value === null) {
    return problem(`standard input is longer than ${String(INPUT_LIMIT_BYTES)} bytes.`);
  }
  return parseInput(input.value, index);
}

function aboutItself(agent: AgentName, request: FenceRequest, version: string): string {
  if (request.action === 'metadata') return fenceMetadata(agent);
  if (request.action === 'manpage') return fenceManpage(agent);
  return request.action === 'help' ? fenceHelp(agent) : `${version}\n`;
}

async function act(call: Call): Promise<number> {
  const evacuator = call.agent === 'fence_nova_evacuate';
  switch (call.request.action) {
    case 'off':
      return evacuator ? evacuateOff(call) : fenceOff(call);
    case 'on':
      if (!evacuator) return fenceOn(call);
      call.log.error(`Failed: the action 'on' is not supported by this agent.`);
      return 1;
    case 'status':
      return fenceStatus(call);
    case 'list':
    case 'list-status':
      return fenceList(call);
    case 'monitor':
    case 'validate-all':
      return fenceCheck(call);
    case 'metadata':
    case 'manpage':
    case 'help':
    case 'version':
      return 0;
  }
}
