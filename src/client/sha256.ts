// The digest by which S3 and the service insist on exactly these bytes.

/** In lower-case hex; undefined where the context is not secure, as on http://192.168.… */
export async function sha256Of(blob: Blob): Promise<string | undefined> {
  const digest = await globalThis.crypto?.subtle?.digest('SHA-256', await blob.arrayBuffer())
  if (!digest) return
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
