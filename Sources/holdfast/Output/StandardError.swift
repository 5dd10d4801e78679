private import Glibc

/// Writes a line on standard error, with one `write(2)`.
func printError(_ line: String) {
  var line = line + "\n"
  line.withUTF8 { bytes in
    unsafe _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
  }
}
