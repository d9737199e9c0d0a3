import type { Caller } from '../../http/auth/caller.js';
import type { UserId } from '../../kernel/ids.js';

/** Whose orders a caller may read: null is everybody's, for operators. */
export const readerOf = (caller: Caller): UserId | null => (caller.role === 'operator' ? null : caller.userId);
