/// The types of records (FastCGI 1.0, section 8).
enum RecordKind: UInt8 {
  case beginRequest = 1
  case abortRequest = 2
  case endRequest = 3
  case parameters = 4
  case standardInput = 5
  case standardOutput = 6
  case standardError = 7
  case data = 8
  case getValues = 9
  case getValuesResult = 10
  case unknownType = 11
}
