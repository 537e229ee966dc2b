// Choosing a picture on the demo page, and the part of it that is kept: by every way there is.

import t from 'tap'

import { openDemo } from './support/demo.ts'
import { photo } from './support/photo.ts'

t.test('a file that is no picture gets a sentence', async (t) => {
  const { page, said } = await openDemo(t)
  await page.locator('#file').setInputFiles({
    name: 'x.png',
    mimeType: 'image/png',
    buffer: Buffer.from('no picture')
  })
  await said.getByText('This picture cannot be opened.').waitFor()
  t.equal(await page.locator('#crop').isVisible(), false)
})

t.test('pictures are dropped and pasted', async (t) => {
  const { page } = await openDemo(t)
  const bytes = [...(await photo())]
  for (const type of ['drop', 'paste']) {
    await page.evaluate(give, { type, bytes })
    await page.locator('#crop').waitFor()
    await page.getByRole('button', { name: 'Back' }).click()
    t.equal(await page.locator('#crop').isVisible(), false)
  }
})

// Runs in the page.
function give({ type, bytes }: { type: string; bytes: number[] }) {
  const data = new DataTransfer()
  data.items.add(new File([new Uint8Array(bytes)], 'p.jpg', { type: 'image/jpeg' }))
  const how = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data }
  document.body.dispatchEvent(
    type === 'paste' ? new ClipboardEvent(type, how) : new DragEvent(type, how)
  )
}

t.test('the crop follows the pointer, the wheel, the slider and the keys', async (t) => {
  const { page } = await openDemo(t)
  const file = { name: 'p.jpg', mimeType: 'image/jpeg', buffer: await photo() }
  await page.locator('#file').setInputFiles(file)
  const frame = page.locator('#frame')
  await frame.waitFor()
  // How far down red is seen, of all that is seen: half of it at first.
  const red = () => page.evaluate(redShare)
  const isAbout = async (share: number, what: string) =>
    t.ok(Math.abs((await red()) - share) < 0.02, `${what}: ${await red()}, not ${share}`)
  await isAbout(1 / 2, 'first')

  const { x, y, width } = (await frame.boundingBox())!
  await page.mouse.move(x + width / 2, y + width / 2)
  await page.mouse.down()
  await page.mouse.move(x + width / 2, y + width / 2 + width / 10, { steps: 4 })
  await page.mouse.up()
  await isAbout(0.6, 'dragged down by a tenth')
  await page.mouse.move(x + width / 2, y + width * 3, { steps: 2 })
  await isAbout(0.6, 'let go')

  await page.getByLabel('Zoom').fill('2')
  await isAbout(0.7, 'at twice the size')
  await frame.hover()
  await page.mouse.wheel(0, 5000)
  await isAbout(0.6, 'by the wheel, as far out as it goes')

  await frame.focus()
  for (let presses = 0; presses < 9; presses++) await page.keyboard.press('Shift+ArrowUp')
  await isAbout(2 / 3, 'not beyond the upper edge')
  await page.keyboard.press('+')
  await isAbout((2 / 3) * 1.1 - 0.05, 'nearer, about the middle')
  await page.keyboard.press('-')
  await isAbout(2 / 3, 'and back')
})

// Runs in the page.
function redShare() {
  const canvas = document.getElementById('canvas') as HTMLCanvasElement
  const { data } = canvas.getContext('2d')!.getImageData(canvas.width / 2, 0, 1, canvas.height)
  let rows = 0
  for (let at = 0; at < data.length; at += 4) if (data[at]! > data[at + 2]!) rows++
  return rows / canvas.height
}

t.test('fingers pinch', async (t) => {
  const { page, context } = await openDemo(t, {}, { hasTouch: true })
  await page.getByRole('button', { name: /face with curls/ }).click()
  const frame = page.locator('#frame')
  await frame.waitFor()
  const box = (await frame.boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const session = await context.newCDPSession(page)
  const touch = (type: 'touchStart' | 'touchMove', apart: number) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: [x - apart, x + apart].map((at, id) => ({ x: at, y, id }))
    })
  await touch('touchStart', 30)
  await touch('touchMove', 40)
  await touch('touchMove', 60)
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  const zoom = Number(await page.getByLabel('Zoom').inputValue())
  t.ok(Math.abs(zoom - 2) < 0.1, `${zoom}`)
})
