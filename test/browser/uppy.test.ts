// The Uppy example in its own Dashboard, clicked through as a person does.

import t, { type Test } from 'tap'

import { padded, png } from '../support/pictures.ts'
import { download } from '../support/send.ts'
import { r2 } from '../support/stores.ts'
import { type ExampleOptions, file, openExample } from './support/example.ts'
import { stores } from './support/stores.ts'

const picture = padded(png(64), 300_000)
const ada = file('ada.png', 'image/png', picture)
const failedRequest = [/Failed to load resource|\[Uppy\]|x-amz-error-code/] // and what Uppy says of it

const ways = [
  ...stores.map(({ store, name }) => ({ method: 'POST', name, options: { store } })),
  { method: 'PUT', name: 'the sandbox', options: { environment: r2.environment } }
]

for (const { method, name, options } of ways) {
  t.test(`the Dashboard uploads by ${method} to ${name}, and Directo confirms`, async (t) => {
    const { page, choose, service, avatar } = await openDashboard(t, options)
    const sent: string[] = []
    page.on('request', (request) => {
      const isToS3 = !request.url().startsWith(service.baseUrl) && request.method() !== 'GET'
      if (isToS3) sent.push(request.method())
    })
    await choose(ada)
    await page.getByRole('button', { name: 'Upload 1 file' }).click()
    await page.getByText('Complete', { exact: true }).waitFor()

    const { url } = await service.ada.avatar()
    t.equal((await avatar())?.url, url, 'the page is told of it')
    t.same(await download(url), picture)
    t.same(sent, [method])
  })
}

t.test('a file of another type is not even taken', async (t) => {
  const { page, choose, service } = await openDashboard(t)
  await choose(file('ada.txt', 'text/plain', 'hello'))
  await page.getByText('You can only upload: image/jpeg').first().waitFor()
  t.same(await service.sql`select 1 from uploads`, [])
})

t.test('what Directo refuses failed, and the Dashboard says why', async (t) => {
  const { page, choose, upload, why, service } = await openDashboard(t, { expected: failedRequest })
  await choose(file('ada.png', 'image/png', 'hello'))
  await upload()
  await page.getByText('Upload failed').waitFor()
  t.match(await why(), /The object is refused/)
  await t.rejects(service.ada.avatar(), { code: 'AVATAR_NOT_FOUND' })

  const again = page.waitForResponse('**/confirm')
  await page.getByText('Retry', { exact: true }).click()
  t.equal((await again).status(), 422)
  t.same(sent(service), ['POST', 'POST'], 'it was sent again, with a grant of its own')
})

t.test('what S3 refuses failed, and the Dashboard says why', async (t) => {
  const { page, choose, upload, why, service } = await openDashboard(t, { expected: failedRequest })
  await page.route('**/api/uploads', (route) => {
    const declared = route.request().postDataJSON()
    route.continue({ postData: { ...declared, sizeBytes: declared.sizeBytes - 1 } })
  })
  await choose(ada)
  await upload()
  await page.getByText('Upload failed').waitFor()
  t.match(await why(), /EntityTooLarge/)
  await t.rejects(service.ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
})

t.test('a confirm that nobody answered is repeated, and nothing sent again', async (t) => {
  const { page, choose, upload, service } = await openDashboard(t, { expected: failedRequest })
  await page.route('**/confirm', (route) => route.abort(), { times: 1 })
  await choose(ada)
  await upload()
  await page.getByText('Complete', { exact: true }).waitFor()
  t.same(await download((await service.ada.avatar()).url), picture)
  t.same(sent(service), ['POST'])
})

t.test('a cancelled upload is aborted', async (t) => {
  const { page, choose, upload, service } = await openDashboard(t)
  service.sandbox.misbehave.hang('PostObject')
  const aborted = page.waitForResponse((reply) => reply.request().method() === 'DELETE')
  await choose(ada)
  const sending = page.waitForRequest((request) =>
    request.url().startsWith(service.sandbox.endpoint)
  )
  await upload()
  await sending
  await page.getByRole('button', { name: 'Cancel' }).last().click()
  t.equal((await aborted).status(), 204)
})

type Service = Awaited<ReturnType<typeof openExample>>['service']

const sent = ({ sandbox }: Service) =>
  sandbox.requests.flatMap(({ verb }) => /^(Put|Post)Object$/.exec(verb)?.[1]?.toUpperCase() ?? [])

async function openDashboard(t: Test, options: Partial<ExampleOptions> = {}) {
  const opened = await openExample(t, 'uppy', {
    body: '<div id="avatar"></div>',
    start: `show(target, options).on('complete', ({ successful: [file] }) => keep(file?.response.body.avatar))`,
    styles: ['@uppy/core/dist/style.min.css', '@uppy/dashboard/dist/style.min.css'],
    ...options
  })
  const { page } = opened
  return {
    ...opened,
    async choose(chosen: ReturnType<typeof file>) {
      const chooser = page.waitForEvent('filechooser')
      await page.getByRole('button', { name: 'browse files' }).click()
      await (await chooser).setFiles(chosen)
    },
    upload: () => page.getByRole('button', { name: 'Upload 1 file' }).click(),
    /** What the Dashboard says when asked for details of a failure. */
    async why() {
      const dialog = page.waitForEvent('dialog')
      const clicked = page.getByRole('button', { name: 'Show error details' }).first().click()
      const told = await dialog
      const message = told.message()
      await told.accept()
      await clicked
      return message
    }
  }
}
