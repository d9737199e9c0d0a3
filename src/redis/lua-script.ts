import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A Lua script in a file of its own. */
export interface LuaScript {
  readonly text: string;
  /** The name under which Redis keeps it. */
  readonly sha1: string;
}

/** `luaScript(new URL('./issue.lua', import.meta.url))` */
export function luaScript(file: URL): LuaScript {
  const text = readFileSync(file, 'utf8');
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
