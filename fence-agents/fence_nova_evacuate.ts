import { runFence } from '../src/compose-agents.ts';

runFence('fence_nova_evacuate');
