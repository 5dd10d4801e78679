/// Why a connection cannot go on: what came is not FastCGI, or exceeds a bound.
enum ProtocolViolation: Error {
  case unsupportedVersion
  case unexpectedRecord
  case malformedRecord

  /// A name or value that does not end where the stream does.
  case truncatedParameter
  case tooManyParameters
}
