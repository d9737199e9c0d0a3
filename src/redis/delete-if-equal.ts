import { luaScript } from './lua-script.js';

/** Keys: one; values: what it must hold. Ends a lock or a claim of one's own, and nobody else's. */
export const DELETE_IF_EQUAL = luaScript(new URL('./delete-if-equal.lua', import.meta.url));
