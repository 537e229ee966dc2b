// F34: where Postgres chooses a statement as the one to yield, it is tried three times in all, then 503.

import t from 'tap'

import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'

const picture = padded(png(64), 400)
const junk = Buffer.alloc(400, 'x')

t.test('F34: a deadlock, a serialization failure, a lock timeout: three tries', async (t) => {
  const { ada, admin, sql } = await startApp(t, { OPEN_UPLOADS_PER_USER: '100' })
  // Fails what is written in that place, so many times; sequences are not rolled back.
  await sql.unsafe(`
    create sequence tries;
    create table faults (place text, code text, until bigint);
    create function fail() returns trigger language plpgsql as $$
    declare fault record;
    begin
      select * into fault from faults where place = tg_table_name || ' ' || tg_op;
      if found and nextval('tries') <= fault.until then
        raise exception 'by the test' using errcode = fault.code;
      end if;
      return coalesce(new, old);
    end $$;
    create trigger fail before insert or update on uploads for each row execute function fail();
    create trigger fail before insert or update on objects for each row execute function fail()`)
  const fail = (place: string, code: string, times: number) =>
    sql.begin(async (tx) => {
      await tx`delete from faults`
      await tx`insert into faults values (${place}, ${code}, ${times})`
      await tx`alter sequence tries restart`
    })
  const confirm = (bytes: Buffer) => async () => {
    const upload = await ada.sent(bytes)
    return () =>
      ada.confirm(upload).catch((err) => err.code !== 'OBJECT_REJECTED' && Promise.reject(err))
  }
  const calls: Record<string, [string, () => Promise<() => Promise<unknown>>]> = {
    create: ['uploads INSERT', async () => () => ada.createUpload(picture)],
    'confirm claims': ['objects INSERT', confirm(picture)],
    'confirm commits': ['objects UPDATE', confirm(picture)],
    'confirm rejects': ['uploads UPDATE', confirm(junk)],
    abort: [
      'uploads UPDATE',
      async () => {
        const upload = await ada.createUpload(picture)
        return () => ada.abort(upload)
      }
    ],
    'remove an avatar': [
      'objects UPDATE',
      async () => {
        await ada.upload(picture)
        return () => ada.removeAvatar()
      }
    ],
    erase: [
      'objects UPDATE',
      async () => {
        await ada.upload(picture)
        return () => admin.erase('ada')
      }
    ]
  }
  for (const [name, [place, prepare]] of Object.entries(calls)) {
    for (const code of ['40P01', '40001', '55P03']) {
      await sql`delete from faults`
      await sql`update users set erased_at = null`
      const call = await prepare()
      await fail(place, code, 3)
      await t.rejects(call(), { status: 503, code: 'DATABASE_UNAVAILABLE' }, `${name}: ${code}`)
      const [row] = await sql`select last_value as tries from tries`
      t.equal(Number(row!.tries), 3, `${name}: ${code}, tried three times`)
      await fail(place, code, 2)
      await t.resolves(call(), `${name}: ${code}, then it goes`)
    }
  }
})
