import { gunzipSync, inflateRawSync, inflateSync, type ZlibOptions } from 'node:zlib'

/** More than one is rare, and each more could multiply what a small body costs. */
const MOST_ENCODINGS = 2

/** What is wrong with a body that cannot be read. */
interface Unreadable {
  readonly unreadable: string
}

/**
 * A body as it was before its `Content-Encoding` (RFC 9110, section 8.4). Calls ask for `identity`; what stands between
 * here and ilert may compress all the same.
 *
 * @param maxBytes how long it may be. Decompression ends there, however much would follow.
 */
export function decoded(
  body: Buffer,
  header: string | string[] | undefined,
  maxBytes: number,
): Buffer | 'too large' | Unreadable {
  const encodings = [header ?? []]
    .flat()
    .join(',')
    .split(',', 100)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
  if (encodings.length === 0 || body.length === 0) return body
  if (encodings.length > MOST_ENCODINGS) return { unreadable: 'it is compressed more than twice' }
  let bytes = body
  for (const name of encodings.reverse()) {
    const decode = DECODERS.get(name)
    if (!decode) {
      const shown = name.slice(0, 20).replaceAll(/[^\w-]/g, '?')
      return { unreadable: `it is compressed with ${shown}, which was not asked for` }
    }
    try {
      bytes = decode(bytes, { maxOutputLength: maxBytes })
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return 'too large'
      return { unreadable: `it is compressed with ${name}, and damaged` }
    }
  }
  return bytes
}

type Decoder = (bytes: Buffer, options: ZlibOptions) => Buffer

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync], // RFC 9110, section 8.4.1.3: the same
  // Section 8.4.1.2: the zlib format; servers that send the bare one are as old as the name.
  ['deflate', (bytes, options) => (isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, options)],
])

/** RFC 1950, section 2.2: the method is 8, and the first two bytes are a multiple of 31. */
function isZlib(bytes: Buffer): boolean {
  return bytes.length > 1 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0
}
