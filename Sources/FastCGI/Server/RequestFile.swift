private import CLinux
private import Glibc

/// A request that came in pieces, as a file for libfcgi to read.
enum RequestFile {
  /// A file in memory that is read from its beginning (`memfd_create(2)`); nil when there is no room.
  static func make(holding bytes: [UInt8]) -> Int32? {
    let file = unsafe memfd_create("fastcgi-request", UInt32(HOLDFAST_MFD_CLOEXEC))
    guard file >= 0 else { return nil }
    let count = unsafe bytes.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, 0) }
    if count == bytes.count { return file }
    Glibc.close(file)
    return nil
  }
}
