import { Injectable } from '@nestjs/common';
import { pgTransaction, sql } from '../../database/database.js';
import type { UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { Credentials, Role } from '../domain/account.js';
import { CredentialsRepository } from '../domain/credentials.repository.js';

const ADD_CUSTOMER = sql(
  'user.add-customer',
  `INSERT INTO shop_user.account (email, password_hash, role) VALUES ($1, $2, 'customer') ON CONFLICT (email) DO NOTHING RETURNING id`,
);

const FIND_BY_EMAIL = sql('user.find-credentials', 'SELECT id, role, password_hash FROM shop_user.account WHERE email = $1');

const PUT_OPERATOR = sql(
  'user.put-operator',
  `INSERT INTO shop_user.account (email, password_hash, role) VALUES ($1, $2, 'operator')
   ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash, role = 'operator'
   RETURNING id`,
);

@Injectable()
export class PgCredentialsRepository extends CredentialsRepository {
  override async addCustomer(tx: Transaction, email: string, passwordHash: string): Promise<UserId | null> {
    const [added] = await pgTransaction(tx).query<{ id: UserId }>(ADD_CUSTOMER, [email, passwordHash]);
    return added?.id ?? null;
  }

  override async findByEmail(tx: Transaction, email: string): Promise<Credentials | null> {
    const [found] = await pgTransaction(tx).query<{ id: UserId; role: Role; password_hash: string }>(FIND_BY_EMAIL, [email]);
    return found ? { userId: found.id, role: found.role, passwordHash: found.password_hash } : null;
  }

  override async putOperator(tx: Transaction, email: string, passwordHash: string): Promise<UserId> {
    const [put] = await pgTransaction(tx).query<{ id: UserId }>(PUT_OPERATOR, [email, passwordHash]);
    if (!put) throw new Error('the operator was not written');
    return put.id;
  }
}
