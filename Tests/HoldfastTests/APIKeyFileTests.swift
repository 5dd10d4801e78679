import Foundation
import TestSupport
import Testing
import Threads

@testable import holdfast

/// When the file of keys is read again. Its time is not told of writing through a map (`mmap(2)`), as of two
/// writings within a tick of the clock.
@Suite struct APIKeyFileTests {
  private static let line = "shop hold sha256:" + String(repeating: "0", count: 64) + "\n"

  /// A file that is written without its time being told.
  private final class MappedFile {
    let path: String
    private let directory: TemporaryDirectory
    private let bytes: UnsafeMutableRawPointer
    private let count: Int

    init(_ text: String) throws {
      directory = try TemporaryDirectory()
      path = directory.path + "/keys"
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      count = text.utf8.count
      let descriptor = open(path, O_RDWR | O_CLOEXEC)
      defer { close(descriptor) }
      bytes = try #require(mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0))
      // The first writing tells the time.
      write(text)
    }

    deinit { munmap(bytes, count) }

    /// Replaces the content by one of the same length.
    func write(_ text: String) {
      precondition(text.utf8.count == count)
      bytes.copyMemory(from: Array(text.utf8), byteCount: count)
    }
  }

  private let events = Monitor<[String]>([])

  private func keys(_ file: MappedFile) throws -> APIKeyFile {
    try APIKeyFile(path: file.path) { [events] event in
      let text =
        switch event {
        case .read(let keys): "\(keys) keys"
        case .failed: "failed"
        }
      events.withLock { $0.append(text) }
    }
  }

  /// Longer than between two looks at the file.
  private func pause() { Instant.now.advanced(byMilliseconds: 1100).sleep() }

  @Test func whatIsWrittenSoonAfterIsRead() throws {
    let comment = "#" + String(repeating: "-", count: Self.line.utf8.count - 2) + "\n"
    let file = try MappedFile(Self.line + comment)
    let keys = try keys(file)
    #expect(keys.current().count == 1)
    file.write(Self.line + Self.line)
    pause()
    #expect(keys.current().count == 2)
    pause()
    #expect(keys.current().count == 2)
    #expect(events.withLock { $0 } == ["2 keys"])
  }

  /// As when there is no descriptor left for a moment. It is told of once, however often it is tried.
  @Test func aFileThatCouldNotBeReadIsTriedAgain() throws {
    let file = try MappedFile(Self.line + Self.line)
    let keys = try keys(file)
    // So long ago that it counts as final.
    pause()
    pause()
    let other = try MappedFile(String(repeating: " ", count: Self.line.utf8.count))
    #expect(rename(other.path, file.path) == 0)
    for _ in 0..<3 {
      #expect(keys.current().count == 2)
      pause()
    }
    #expect(events.withLock { $0 } == ["failed"])
    other.write(Self.line)
    #expect(keys.current().count == 1)
    #expect(events.withLock { $0 } == ["failed", "1 keys"])
  }
}
