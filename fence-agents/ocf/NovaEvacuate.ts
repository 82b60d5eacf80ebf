import { runNovaEvacuate } from '../../src/compose-agents.ts';

runNovaEvacuate();
