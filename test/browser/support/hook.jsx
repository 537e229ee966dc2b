// A component that uses the hook and shows a test what it gave, under StrictMode.

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { useAvatarUpload } from '../../../src/client/react.ts'

const root = createRoot(document.getElementById('root'))
globalThis.rendered = []
globalThis.unmount = () => root.unmount()
globalThis.rerender = (options) => {
  root.render(
    <StrictMode>
      <Picture options={options} />
    </StrictMode>
  )
}

function Picture({ options }) {
  globalThis.hook = useAvatarUpload(options)
  globalThis.rendered.push(globalThis.hook)
  return <p>{globalThis.hook.status}</p>
}
