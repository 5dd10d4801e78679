import Foundation

/// Processes that the tests did not start themselves, by their identifiers.
enum ProcessTable {
  /// The processes whose parent this is.
  static func children(of parent: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { identifier in
      guard let fields = stat(identifier), fields.count > 1 else { return false }
      return pid_t(fields[1]) == parent
    }
  }

  static func isRunning(_ identifier: pid_t) -> Bool {
    guard let state = stat(identifier)?.first else { return false }
    return state != "Z" && state != "X"
  }

  /// The threads of a process, in the order in which they were started.
  static func threads(of identifier: pid_t) -> [pid_t] {
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/task")) ?? []
    return names.compactMap { pid_t($0) }.sorted()
  }

  /// By which policy the kernel schedules a thread (`sched(7)`).
  static func schedulingPolicy(ofThread identifier: pid_t) -> Int? {
    // The 41st field of proc(5), of which the first two are left out.
    stat(identifier).flatMap { $0.count > 38 ? Int($0[38]) : nil }
  }

  /// The fields that follow the command's name: state, parent, and so on.
  private static func stat(_ identifier: pid_t) -> [Substring]? {
    guard let text = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    return text[text.index(after: end)...].split(separator: " ")
  }
}
