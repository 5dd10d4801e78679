private import CZlib

/// Compresses what is appended to it (RFC 1952), by zlib's `deflate`.
@safe final class GzipWriter {
  private static let bufferBytes = 16_384

  /// 15 bits of window, and 16 for gzip's header and checksum instead of zlib's.
  fileprivate static let windowBits: Int32 = 31

  /// On the heap: zlib's state points back to it.
  private let stream: UnsafeMutablePointer<z_stream>
  private var output: [UInt8] = []

  init() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let code = unsafe deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, Self.windowBits, 8, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "deflateInit2: error \(code)")
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  func append(_ bytes: [UInt8]) { deflate(bytes, Z_NO_FLUSH) }

  func append(_ text: String) { append(Array(text.utf8)) }

  /// Gives what has been compressed; to be called once.
  func finish() -> [UInt8] {
    deflate([], Z_FINISH)
    return output
  }

  private func deflate(_ bytes: [UInt8], _ flush: Int32) {
    var bytes = bytes
    unsafe bytes.withUnsafeMutableBufferPointer { input in
      unsafe stream.pointee.next_in = input.baseAddress
      unsafe stream.pointee.avail_in = UInt32(input.count)
      var isDone = false
      while !isDone {
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: Self.bufferBytes) { buffer, count in
          unsafe stream.pointee.next_out = buffer.baseAddress
          unsafe stream.pointee.avail_out = UInt32(buffer.count)
          let code = unsafe CZlib.deflate(stream, flush)
          precondition(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
          count = Self.bufferBytes - Int(unsafe stream.pointee.avail_out)
          isDone = unsafe stream.pointee.avail_out > 0
        }
        output += chunk
      }
    }
  }
}

enum Gzip {
  private static let pieceBytes = 65_536

  static func compress(_ bytes: [UInt8]) -> [UInt8] {
    let writer = GzipWriter()
    writer.append(bytes)
    return writer.finish()
  }

  /// What `compress` or `GzipWriter` was given, in pieces (`inflate`).
  static func expand(_ compressed: [UInt8]) -> [[UInt8]] {
    var compressed = compressed
    var pieces: [[UInt8]] = []
    // On the heap: zlib's state points back to it.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let code = unsafe inflateInit2_(
      stream, GzipWriter.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "inflateInit2: error \(code)")
    defer {
      unsafe inflateEnd(stream)
      unsafe stream.deallocate()
    }
    unsafe compressed.withUnsafeMutableBufferPointer { input in
      unsafe stream.pointee.next_in = input.baseAddress
      unsafe stream.pointee.avail_in = UInt32(input.count)
      var code = Z_OK
      while code == Z_OK {
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: pieceBytes) { buffer, count in
          unsafe stream.pointee.next_out = buffer.baseAddress
          unsafe stream.pointee.avail_out = UInt32(buffer.count)
          code = unsafe inflate(stream, Z_NO_FLUSH)
          count = unsafe pieceBytes - Int(stream.pointee.avail_out)
        }
        pieces.append(piece)
      }
      precondition(code == Z_STREAM_END, "inflate: error \(code)")
    }
    return pieces
  }

  /// A checksum of 64 bits, from both that zlib has.
  static func checksum(_ bytes: [UInt8]) -> UInt64 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      let count = buffer.count
      let first = unsafe crc32_z(0, buffer.baseAddress, count)
      let second = unsafe adler32_z(1, buffer.baseAddress, count)
      return UInt64(first) << 32 | UInt64(second & 0xffff_ffff)
    }
  }
}
