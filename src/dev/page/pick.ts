// Ways to choose a picture: a button, dropping, pasting, or one of the drawn ones.

import { decode } from '../../client/draw.ts'
import { prepareAvatar } from '../../client/index.ts'
import { byId, element } from './dom.ts'
import { drawFace, faces, pictureOf } from './faces.ts'

/**
 * Opens a picture upright for cropping.
 * @throws {AvatarUploadError} with a sentence for what no browser or no memory can open
 */
export async function openPicture(file: Blob) {
  await prepareAvatar(file, { size: 1 }) // looks at its head before anything large is decoded
  return decode(file)
}

/** Calls back with every picture that is chosen, whichever way. */
export function watchForPictures(onPicture: (picture: Blob) => void) {
  const input = byId<HTMLInputElement>('file')
  byId('choose').addEventListener('click', () => input.click())
  input.addEventListener('change', () => {
    const [file] = input.files ?? []
    if (file) onPicture(file)
    input.value = '' // so that the same file can be chosen again
  })
  addEventListener('paste', ({ clipboardData }) => {
    const [file] = clipboardData?.files ?? []
    if (file) onPicture(file)
  })
  watchForDrops(onPicture)
  offerFaces(onPicture)
}

// Anywhere on the page: dropped beside its target, a file would replace the page.
function watchForDrops(onPicture: (picture: Blob) => void) {
  const over = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    byId('stage').classList.toggle('over', event.type === 'dragover')
  }
  addEventListener('dragover', over)
  addEventListener('dragleave', over)
  addEventListener('drop', (event) => {
    over(event)
    const [file] = event.dataTransfer?.files ?? []
    if (file) onPicture(file)
  })
}

function offerFaces(onPicture: (picture: Blob) => void) {
  for (const face of faces) {
    const canvas = element('canvas', { width: 144, height: 192 })
    drawFace(canvas, face)
    const button = element('button', { type: 'button', className: 'sample' }, canvas)
    button.setAttribute('aria-label', `A drawn face ${face.name}`)
    button.addEventListener('click', async () => onPicture(await pictureOf(face)))
    byId('samples').append(button)
  }
}
