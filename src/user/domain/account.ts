import type { UserId } from '../../kernel/ids.js';

export type Role = 'customer' | 'operator';

/** Who somebody is, as a token tells it. */
export interface Identity {
  readonly userId: UserId;
  readonly role: Role;
}

/** What is needed to let somebody in. */
export interface Credentials extends Identity {
  readonly passwordHash: string;
}

export const PASSWORD_CHARACTERS_MIN = 8;
export const PASSWORD_CHARACTERS_MAX = 200;

/** People write their address as they like; one address is one account. */
export const normalisedEmail = (email: string): string => email.trim().toLowerCase();
