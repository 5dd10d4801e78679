private import CLinux
private import Glibc

/// How the kernel schedules the threads of a process (`sched(7)`).
public enum CPUScheduling: String, CaseIterable, Sendable {
  /// `SCHED_BATCH`: a thread that wakes up does not interrupt one that runs. It finds more to do when
  /// its turn comes, and where all processors are busy far fewer switches are made.
  case batch

  /// As whoever started the process has chosen.
  case inherited

  /// Applies to the calling thread, and to the threads that it starts from now on.
  ///
  /// - Returns: The `errno` of a refusal, such as by a filter of system calls; nil if it applies.
  public func apply() -> Int32? {
    guard self == .batch, sched_getscheduler(0) != HOLDFAST_SCHED_BATCH else { return nil }
    var parameters = sched_param()
    let isSet = unsafe sched_setscheduler(0, HOLDFAST_SCHED_BATCH, &parameters) == 0
    return isSet ? nil : errno
  }
}
