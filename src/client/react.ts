// The client as a React hook.

import { useCallback, useEffect, useRef, useState } from 'react'

import type { Avatar } from './avatar.ts'
import { type AvatarUploadError, codeOf } from './error.ts'
import { type Status, type UploadOptions, uploadAvatar } from './upload.ts'

interface State {
  status: Status
  /** 0 to 1; 1 only when the picture is the avatar. */
  progress: number
  error: AvatarUploadError | null
  /** What was uploaded last. */
  avatar: Avatar | null
}

/** Without `signal`: the hook has its own, for `cancel`. */
export type HookOptions = Omit<UploadOptions, 'signal'>

const idle: State = { status: 'idle', progress: 0, error: null, avatar: null }

/**
 * `upload(file)` answers with the avatar, or null when it failed or was cancelled: `error` says why. A second
 * upload cancels the first, and so does leaving the page. Both functions stay the same for ever; the options
 * are those of the latest render.
 */
export function useAvatarUpload(options: HookOptions) {
  const [state, setState] = useState(idle)
  const running = useRef<AbortController | null>(null)
  const latest = useRef(options)
  useEffect(() => {
    latest.current = options
  })

  // Its outcome says whether it was in time.
  const cancel = useCallback(() => running.current?.abort(), [])

  const upload = useCallback(
    async (file: Blob, more: Partial<HookOptions> = {}): Promise<Avatar | null> => {
      cancel()
      const mine = new AbortController()
      running.current = mine
      // What has been replaced, cancelled or unmounted has nothing to say any more.
      const set = (change: Partial<State>) => {
        if (running.current === mine) setState((was) => ({ ...was, ...change }))
      }
      set({ status: 'uploading', progress: 0, error: null })
      try {
        const all = { ...latest.current, ...more, signal: mine.signal }
        const onProgress = (progress: number) => {
          set({ progress })
          all.onProgress?.(progress)
        }
        const avatar = await uploadAvatar(file, { ...all, onProgress })
        set({ status: 'done', progress: 1, avatar })
        return avatar
      } catch (error) {
        if (codeOf(error) === 'CANCELLED') set({ status: 'cancelled', progress: 0 })
        else set({ status: 'failed', error: error as AvatarUploadError })
        return null
      } finally {
        if (running.current === mine) running.current = null
      }
    },
    [cancel]
  )

  // Hidden by <Activity> it is unmounted too, and comes back with the state that it had.
  useEffect(() => cancel, [cancel])
  return { ...state, upload, cancel }
}
