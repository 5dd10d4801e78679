/// The records that go to the web server.
enum Records {
  /// An answer: its standard output, the end of that, and the end of the request.
  static func answer(_ response: [UInt8], requestID: UInt16) -> [UInt8] {
    let most = RecordHeader.maximumContentBytes
    let headers = (response.count + most - 1) / most
    var bytes: [UInt8] = []
    bytes.reserveCapacity(response.count + headers * RecordHeader.byteCount + AnswerFrame.tailBytes)
    for start in stride(from: 0, to: response.count, by: most) {
      let part = response[start..<min(start + most, response.count)]
      append(
        RecordHeader(.standardOutput, requestID: requestID, contentBytes: part.count).bits,
        to: &bytes)
      bytes += part
    }
    let frame = AnswerFrame(contentBytes: 0, requestID: requestID)
    append(frame.outputEnd, to: &bytes)
    append(frame.end, to: &bytes)
    append(frame.ending, to: &bytes)
    return bytes
  }

  /// The end of a request that gets no other answer (FastCGI 1.0, section 5.5).
  static func end(_ ending: RequestEnding, requestID: UInt16) -> [UInt8] {
    var bytes: [UInt8] = []
    append(RecordHeader(.endRequest, requestID: requestID, contentBytes: 8).bits, to: &bytes)
    append(UInt64(ending.rawValue) << 24, to: &bytes)
    return bytes
  }

  /// The answer to a management record of a type that is none (FastCGI 1.0, section 4.2).
  static func unknownType(_ kind: UInt8) -> [UInt8] {
    var bytes: [UInt8] = []
    append(RecordHeader(.unknownType, requestID: 0, contentBytes: 8).bits, to: &bytes)
    append(UInt64(kind) << 56, to: &bytes)
    return bytes
  }

  /// The answer to a question about values, each of which is told once (FastCGI 1.0, section 4.1).
  static func values(_ names: [String], limits: FastCGILimits) -> [UInt8] {
    let known = [
      ("FCGI_MAX_CONNS", limits.connections), ("FCGI_MAX_REQS", limits.connections),
      ("FCGI_MPXS_CONNS", 0),
    ]
    var content: [UInt8] = []
    for (name, number) in known where names.contains(name) {
      let value = String(number)
      content += [UInt8(name.utf8.count), UInt8(value.utf8.count)]
      content += name.utf8
      content += value.utf8
    }
    var bytes: [UInt8] = []
    append(
      RecordHeader(.getValuesResult, requestID: 0, contentBytes: content.count).bits, to: &bytes)
    return bytes + content
  }

  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }
}
