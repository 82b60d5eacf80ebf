import { runNovaComputeWait } from '../../src/compose-agents.ts';

runNovaComputeWait();
