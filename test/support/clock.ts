// A clock for a whole test: Postgres and this process move forward together, without waiting.

import postgres from 'postgres'
import type { Test } from 'tap'

export interface Clock {
  /** Lets so many seconds pass at once, for every instance, the sandbox and Postgres alike. */
  advance: (seconds: number) => Promise<void>
}

/**
 * Takes over the time until the test ends. Call it before anything has asked this database
 * something: connections that are already open keep the real time. In the database every now()
 * that is not written pg_catalog.now() moves; in this process `Date` does, timers do not.
 */
export async function startClock(t: Pick<Test, 'teardown'>, databaseUrl: string): Promise<Clock> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  await sql.unsafe(SHADOW).simple()
  const date = takeOverDate(t)
  t.teardown(() => sql.end())
  return {
    async advance(seconds) {
      await sql`update clock.shift set by = by + make_interval(secs => ${seconds})`
      date.shift(seconds)
    }
  }
}

/** Takes over the time of this process alone until the test ends; `shift` moves it by so many seconds. */
export function takeOverDate(t: Pick<Test, 'teardown'>) {
  const RealDate = globalThis.Date
  let shiftMs = 0
  const now = () => RealDate.now() + shiftMs
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name))
  })
  t.teardown(() => {
    globalThis.Date = RealDate
  })
  return {
    shift(seconds: number) {
      shiftMs += seconds * 1000
    }
  }
}

// Found before pg_catalog, these answer to the plain names; in public, things are still created
// where they would be. A column's default was bound to the real function when it was made.
const SHADOW = `
  create schema clock;
  create table clock.shift (by interval not null);
  insert into clock.shift values ('0');
  create function clock.now() returns timestamptz language sql stable
    as 'select pg_catalog.now() + by from clock.shift';
  create function clock.transaction_timestamp() returns timestamptz language sql stable
    as 'select pg_catalog.now() + by from clock.shift';
  create function clock.statement_timestamp() returns timestamptz language sql stable
    as 'select pg_catalog.statement_timestamp() + by from clock.shift';
  create function clock.clock_timestamp() returns timestamptz language sql volatile
    as 'select pg_catalog.clock_timestamp() + by from clock.shift';
  do $$
  declare col record;
  begin
    for col in select table_name, column_name from information_schema.columns
      where table_schema = 'public' and column_default like '%now()%'
    loop
      execute format('alter table public.%I alter column %I set default clock.now()',
        col.table_name, col.column_name);
    end loop;
    execute format('alter database %I set search_path = public, clock, pg_catalog',
      current_database());
  end $$`
