private import Glibc

/// What the kernel says of this process (`proc(5)`).
struct ProcessFigures: Sendable {
  var residentBytes = 0
  var virtualBytes = 0
  var threads = 0

  /// Ticks of the clock between the machine's start and the process's.
  private var startTicks = 0

  /// Reads `/proc/self/stat`; nil if it cannot be read.
  init?() {
    guard let text = Self.read("/proc/self/stat"), let end = text.lastIndex(of: ")") else {
      return nil
    }
    // The fields from the third on: the second is the program's name, which may have spaces.
    let fields = text[text.index(after: end)...].split(separator: " ").map { Int($0) ?? 0 }
    guard fields.count > 21 else { return nil }
    threads = fields[17]
    startTicks = fields[19]
    virtualBytes = fields[20]
    residentBytes = fields[21] * sysconf(Int32(_SC_PAGESIZE))
  }

  /// When the process started, in seconds since 1970.
  var startUnixSeconds: Double {
    let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
    return Self.seconds(CLOCK_REALTIME) - Self.seconds(CLOCK_BOOTTIME)
      + Double(startTicks) / Double(ticksPerSecond)
  }

  /// The processor time of all threads so far (`clock_gettime(3p)`).
  static var processorSeconds: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

  /// How many descriptors are open.
  static var openDescriptors: Int {
    guard let folder = unsafe opendir("/proc/self/fd") else { return 0 }
    defer { unsafe closedir(folder) }
    var count = 0
    while unsafe readdir(folder) != nil { count += 1 }
    // Not the two links to folders, and not the descriptor of this one.
    return max(0, count - 3)
  }

  /// How many descriptors may be open (`getrlimit(2)`).
  static var maximumDescriptors: Int {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func read(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}

extension MetricsRegistry {
  /// Adds the metrics of the process, under the names that all Prometheus clients use.
  mutating func addProcess() {
    gauge(
      "process_cpu_seconds_total", "Processor time of the process, in seconds.", type: "counter"
    ) { [([], ProcessFigures.processorSeconds)] }
    gauge("process_resident_memory_bytes", "Resident memory.") {
      ProcessFigures().map { [([], Double($0.residentBytes))] } ?? []
    }
    gauge("process_virtual_memory_bytes", "Virtual memory.") {
      ProcessFigures().map { [([], Double($0.virtualBytes))] } ?? []
    }
    gauge("process_threads", "Threads of the process.") {
      ProcessFigures().map { [([], Double($0.threads))] } ?? []
    }
    gauge("process_open_fds", "Open descriptors.") {
      [([], Double(ProcessFigures.openDescriptors))]
    }
    gauge("process_max_fds", "Descriptors that may be open.") {
      [([], Double(ProcessFigures.maximumDescriptors))]
    }
    // Once: the wall clock may be set later.
    let start = ProcessFigures()?.startUnixSeconds
    gauge("process_start_time_seconds", "When the process started, in seconds since 1970.") {
      start.map { [([], $0)] } ?? []
    }
  }
}
