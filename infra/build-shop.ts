import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Compiles the shop where that is needed. What it says of its progress may be left out; what is wrong is always shown. */
export function buildShop(progress: 'inherit' | 'ignore' = 'inherit'): void {
  execFileSync(fileURLToPath(new URL('../bin/ordersaga', import.meta.url)), ['build'], { stdio: [progress, progress, 'inherit'] });
}
