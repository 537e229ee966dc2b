// The demo page from end to end, in Chromium, over the sandbox and over the store that is given.

import sharp from 'sharp'
import t from 'tap'

import { openDemo } from './support/demo.ts'
import { colourAt, photo } from './support/photo.ts'
import { stores } from './support/stores.ts'

const REFUSALS = [/status of 4(00|03|04|12)/]

for (const { store, name } of stores) {
  t.test(`${name}: a photo comes back upright, small, and with nothing but pixels`, async (t) => {
    const { page, said, calls, avatarOf, limit } = await openDemo(t, { store })
    await page.getByRole('radio', { name: 'Dana' }).check()
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Choose a picture' }).click()
    await (await chooser).setFiles({ name: 'p.jpg', mimeType: 'image/jpeg', buffer: await photo() })

    await page.getByRole('button', { name: 'Upload' }).waitFor()
    await page.keyboard.press('Shift+ArrowDown')
    for (let presses = 0; presses < 4; presses++) await page.keyboard.press('ArrowDown')
    await limit(20_000)
    await page.evaluate(watchProgress)
    await page.getByRole('button', { name: 'Upload' }).press('Enter')
    await said.getByText('Verified').waitFor()

    const picture = await avatarOf('dana')
    const { width, height, exif, orientation, format } = await sharp(picture).metadata()
    t.match({ width, height, format }, { width: 512, height: 512, format: 'webp' })
    t.same([exif, orientation], [undefined, undefined])
    t.ok(picture.length < 100_000, `${picture.length} bytes`)
    // 1200 rows from row 400 on, of 1600 of which 800 are red.
    t.same(await Promise.all([0.25, 0.4].map((at) => colourAt(picture, at))), ['red', 'blue'])

    t.same(await calls(), ['Create 201', 'Send 204', 'Confirm 200'])
    const seen = (await page.evaluate('window.seen')) as number[]
    t.ok(
      seen.some((percent) => percent > 0 && percent < 95),
      `${seen}`
    )
    t.same(
      seen,
      [...seen].sort((a, b) => a - b),
      'never back'
    )
    await page.locator('.person', { hasText: 'Dana' }).locator('img').waitFor()
  })

  t.test(`${name}: a picture is replaced and removed`, async (t) => {
    const { page, said, upload, avatarOf } = await openDemo(t, { store })
    await upload()
    const first = await avatarOf('ada')
    await page.getByRole('button', { name: 'A drawn face with glasses' }).click()
    await page.getByRole('button', { name: 'Upload' }).click()
    await said.getByText('Verified').waitFor()
    t.notOk(first.equals(await avatarOf('ada')))

    await page.getByRole('button', { name: 'Remove' }).click()
    await said.getByText('Removed').waitFor()
    t.equal(await page.locator('#portrait img, .wall img').count(), 0)
    await t.rejects(avatarOf('ada'), { code: 'AVATAR_NOT_FOUND' })
  })

  t.test(`${name}: every attack is refused, or changes nothing`, async (t) => {
    const { upload, attack, calls, avatarOf } = await openDemo(t, { store, expected: REFUSALS })
    await upload()
    const before = await avatarOf('ada')

    t.match(await attack('size', 'S3 refused it'), '400 EntityTooLarge')
    t.same(await calls(), ['Create 201', 'Send 400', 'Abort 204'])
    t.match(await attack('type', 'S3 refused it'), '403 AccessDenied')
    t.match(await attack('replay', 'The avatar did not change'), 'S3 took the other bytes (204)')
    t.match(await calls(), ['Read 200', 'Create 201', 'Send 204', 'Confirm 200', 'Send again 204'])
    t.ok(before.equals(await avatarOf('ada')))
  })

  t.test(`${name}: cancelled on the way, nothing is left`, async (t) => {
    const { page, said, choose, limit, sql } = await openDemo(t, { store })
    await choose(/drawn face with a bun/)
    await limit(500)
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.locator('[data-name=send][data-state=active]').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await said.getByText('The upload was cancelled.').waitFor()
    await limit(-1)
    await page.locator('[data-name=abort][data-state=done]').waitFor()
    t.match(await sql`select confirmed_at from uploads`, [{ confirmed_at: null }])
    t.match(await sql`select discarded_at from uploads`, [{ discarded_at: Date }])
  })
}

// Runs in the page.
function watchProgress() {
  const seen: number[] = []
  Object.assign(window, { seen })
  const bar = document.getElementById('bar')
  if (!bar) return
  const note = () => seen.push(Number(bar.getAttribute('aria-valuenow')))
  new MutationObserver(note).observe(bar, { attributeFilter: ['aria-valuenow'] })
}

t.test('by PUT too, every attack is refused, or changes nothing', async (t) => {
  const environment = { UPLOAD_METHOD: 'put' }
  const { attack, calls, avatarOf } = await openDemo(t, { environment, expected: REFUSALS })
  t.match(await attack('size', 'S3 refused it'), '403 SignatureDoesNotMatch')
  t.match(await attack('type', 'S3 refused it'), '403 SignatureDoesNotMatch')
  t.match(await attack('replay', 'The avatar did not change'), 'S3 refused (412)')
  t.match(await calls(), ['Read 404', 'Create 201', 'Send 200', 'Confirm 200', 'Send again 412'])
  t.ok((await avatarOf('ada')).length > 0, 'a drawn picture, for who had none')
})

t.test('an expired grant is renewed', async (t) => {
  const expected = [/status of 403/]
  const { page, sandbox, s3Clock, choose, said, calls } = await openDemo(t, { expected })
  sandbox.misbehave.before({ verb: 'PostObject', times: 1 }, () => {
    s3Clock.aheadMs = 6 * 60_000
    sandbox.misbehave.before({ verb: 'PostObject', times: 1 }, () => {
      s3Clock.aheadMs = 0
    })
  })
  await choose(/drawn face with a bun/)
  await page.getByRole('button', { name: 'Upload' }).click()
  await said.getByText('Verified').waitFor()
  const made = await calls()
  for (const call of [
    'Create 201',
    'Send 403',
    'Create again 201',
    'Send again 204',
    'Confirm 200'
  ]) {
    t.ok(made.includes(call), `${call} in ${made.join(', ')}`)
  }
})

t.test('who becomes somebody else cancels what was on its way', async (t) => {
  const { page, choose, hold, said } = await openDemo(t)
  await choose(/drawn face with a bun/)
  const release = hold()
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.locator('[data-name=send][data-state=active]').waitFor()
  await page.getByRole('radio', { name: 'Bob' }).check()
  await page.locator('[data-name=abort][data-state=done]').waitFor()
  release()
  t.equal(await page.getByRole('heading', { level: 2 }).first().textContent(), 'Bob')
  t.equal(await said.textContent(), '', 'it is not his')
})

t.test('offline it says so, and goes on when the connection is back', async (t) => {
  const expected = [/ERR_INTERNET_DISCONNECTED/]
  const { page, context, choose, said } = await openDemo(t, { expected })
  await choose(/drawn face with a bun/)
  await context.setOffline(true)
  const notice = page.getByRole('alert')
  await notice.getByText('You are offline.').waitFor()
  await page.getByRole('button', { name: 'Upload' }).click()
  await page
    .locator('[data-name=create][data-state=refused], [data-name=create][data-state=active]')
    .waitFor()
  await context.setOffline(false)
  await said.getByText('Verified').waitFor()
  await notice.waitFor({ state: 'hidden' })
})

t.test('when the service is gone it says so', async (t) => {
  const { page, app, upload } = await openDemo(t, { expected: [/ERR_CONNECTION_REFUSED/] })
  await upload()
  await app.close()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('alert').getByText('Directo does not answer.').waitFor()
  t.match(await page.locator('#said').textContent(), 'Nothing was done')
})
