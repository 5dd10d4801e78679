/// How a request ends, the `protocolStatus` of its last record (FastCGI 1.0, section 5.5).
enum RequestEnding: UInt8 {
  case complete = 0
  case cannotMultiplex = 1
  case unknownRole = 3
}
