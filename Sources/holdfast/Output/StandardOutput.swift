// `stdout` is a variable in C, which nobody sets.
@unsafe @preconcurrency private import Glibc

/// Writes what `print` has kept to standard output (`fflush(3)`). If any of all that was printed cannot
/// be written, says so and ends the process with exit code 1.
func flushOutput() {
  errno = EIO
  let isWritten = unsafe fflush(stdout) == 0 && ferror(stdout) == 0
  guard !isWritten else { return }
  let reason = unsafe String(cString: strerror(errno))
  printError("Error: the output was not written: \(reason)")
  // Not exit(3), which calls this.
  _exit(EXIT_FAILURE)
}
