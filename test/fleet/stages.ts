import type { PostgresDatabase } from '../support/postgres.js';

/** Where requests are in their lives: how many in each stage. Those at which nothing is due any more are left out. */
export type Stages = Readonly<Record<string, number>>;

const STAGES = `
  select stage, count(*)::int as count
  from (
    select case
      when state = 'open' and (select count(*) from approvals where request_id = id) > 1 then 'signing'
      when state = 'signed' then 'delivering'
      when state = 'delivered' and signer_told is null then 'telling the signer'
      when state = 'closed' and exists (
        select from rejections where request_id = id and vetoed is null and veto_refused is null
      ) then 'vetoing'
      when state in ('delivered', 'closed', 'abandoned') then null
      else state
    end as stage
    from requests
  ) as staged
  where stage is not null
  group by stage`;

export async function stagesIn(database: PostgresDatabase): Promise<Stages> {
  const rows = await database.ask(STAGES);
  return Object.fromEntries(rows.map(({ stage, count }) => [String(stage), Number(count)]));
}
