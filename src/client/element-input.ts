// The ways into the element: a click, the keyboard, a drop, the clipboard, a phone's camera.

import type { View } from './element-view.ts'

interface Uploader extends HTMLElement {
  upload(file: Blob): unknown
  cancel(): void
}

/** Has the element upload what a person picks, whichever way they do it. */
export function listen(element: Uploader, { choose, input, cancel }: View) {
  const take = (files?: FileList | null) => {
    const file = files?.[0]
    if (file) element.upload(file)
    return file
  }
  choose.addEventListener('click', () => {
    // Any image: phones then offer the camera and the library, and iOS turns HEIC into JPEG.
    input.accept = element.getAttribute('accept') ?? 'image/*'
    // Said at all, it means the camera and nothing else.
    const capture = element.getAttribute('capture')
    if (capture !== null) input.setAttribute('capture', capture)
    input.click()
  })
  input.addEventListener('change', () => {
    take(input.files)
    input.value = '' // or the same file chosen again would be no change
  })
  cancel.addEventListener('click', () => element.cancel())
  element.addEventListener('paste', (event) => {
    if (take(event.clipboardData?.files)) event.preventDefault()
  })
  element.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault() // or the browser would open the file in place of the page
    element.toggleAttribute('dragging', true)
  })
  element.addEventListener('dragleave', () => element.toggleAttribute('dragging', false))
  element.addEventListener('drop', (event) => {
    element.toggleAttribute('dragging', false)
    if (take(event.dataTransfer?.files)) event.preventDefault()
  })
}
