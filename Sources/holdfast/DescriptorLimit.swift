private import Glibc

/// How many descriptors the process may have: connections are what it spends them on.
enum DescriptorLimit {
  /// Raises the soft limit to the hard one (`getrlimit(2)`), as servers do.
  static func raise() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
