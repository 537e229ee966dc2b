// The FilePond example: progress, refusals, abort and retry, as a person meets them.

import t, { type Test } from 'tap'

import { padded, png } from '../support/pictures.ts'
import { download } from '../support/send.ts'
import { r2 } from '../support/stores.ts'
import { type ExampleOptions, file, openExample } from './support/example.ts'

const picture = padded(png(64), 300_000)
const ada = file('ada.png', 'image/png', picture)
const expected = [/Failed to load resource/]

for (const [method, environment] of Object.entries({ POST: {}, PUT: r2.environment })) {
  t.test(`FilePond uploads by ${method}, and Directo confirms`, async (t) => {
    const { page, choose, service, avatar } = await openPond(t, { environment })
    await choose(ada)
    await page.getByText('Upload complete', { exact: true }).waitFor()

    const { url } = await service.ada.avatar()
    t.equal((await avatar())?.url, url, 'the page is told of it')
    t.same(await download(url), picture)

    const other = padded(png(32), 200_000)
    await page.getByRole('button', { name: 'Remove' }).click()
    await choose(file('other.png', 'image/png', other))
    await page.getByText('Upload complete', { exact: true }).waitFor()
    t.same(await download((await service.ada.avatar()).url), other, 'another one replaces it')
  })
}

t.test('what Directo refuses is said in its words', async (t) => {
  const { page, choose, service } = await openPond(t, { expected })
  await choose(file('ada.txt', 'text/plain', 'hello'))
  await page.getByText('avatar takes image/jpeg').first().waitFor()
  await page.getByRole('button', { name: 'Remove' }).click()
  await choose(file('ada.png', 'image/png', 'hello'))
  await page.getByText('The object is refused').first().waitFor()
  await t.rejects(service.ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
})

t.test('a page of HTML in place of an answer is said in words', async (t) => {
  const { page, choose } = await openPond(t, { expected })
  const headers = { 'access-control-allow-origin': '*' }
  const bad = { status: 502, headers, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }
  await page.route('**/api/uploads', (route) => route.fulfill(bad))
  await choose(ada)
  await page.getByText('Directo does not answer.').first().waitFor()
})

t.test('what S3 refuses fails, and is sent again when clicked', async (t) => {
  const { page, choose, service } = await openPond(t, { expected })
  const once = { status: 403, code: 'AccessDenied' }
  service.sandbox.misbehave.fail({ verb: 'PostObject', times: 1 }, once)
  await choose(ada)
  await page.getByText('The picture could not be stored (AccessDenied)').first().waitFor()
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.getByText('Upload complete', { exact: true }).waitFor()
  t.same(await download((await service.ada.avatar()).url), picture)
})

t.test('progress is seen, and what is aborted is aborted at Directo too', async (t) => {
  const { page, choose, service } = await openPond(t, { expected })
  service.sandbox.misbehave.hang('PostObject')
  const aborted = page.waitForResponse((reply) => reply.request().method() === 'DELETE')
  await choose(ada)
  await page.getByText(/Uploading \d+%/).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  t.equal((await aborted).status(), 204)
  await page.getByText('Upload cancelled', { exact: true }).waitFor()
})

async function openPond(t: Test, options: Partial<ExampleOptions> = {}) {
  const opened = await openExample(t, 'filepond', {
    body: '<input type="file" id="avatar">',
    start: 'show(target, { ...options, onAvatar: keep })',
    styles: ['filepond/dist/filepond.min.css'],
    ...options
  })
  const choose = async (chosen: ReturnType<typeof file>) => {
    const chooser = opened.page.waitForEvent('filechooser')
    await opened.page.getByText('Browse', { exact: true }).click()
    await (await chooser).setFiles(chosen)
  }
  return { ...opened, choose }
}
