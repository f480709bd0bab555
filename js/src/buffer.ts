/** Bytes, as the wire has them: an ArrayBuffer of their own. It knows nothing of frames. */

/** Is a value bytes: an ArrayBuffer, a typed array or a DataView? */
export function isBytes(value: unknown): value is ArrayBuffer | ArrayBufferView {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** Returns a copy of bytes. */
export function bufferOf(bytes: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  if (bytes instanceof ArrayBuffer) return bytes.slice(0);
  const { buffer, byteOffset, byteLength } = bytes;
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer;
}
