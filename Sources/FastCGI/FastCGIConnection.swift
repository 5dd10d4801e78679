internal import Threads

/// One connection from the web server: its socket, and what has been read or is to be written.
///
/// One thread at a time works on a connection: the one to which the table has lent it, and, from the
/// handler's call on, the one that answers.
final class FastCGIConnection: @unchecked Sendable {
  // No lock of its own: the table's monitor hands the connection from one thread to the next.

  /// A connection that goes on sending lets others have their turn after so many reads.
  private static let readsInARow = 8

  let identifier: UInt64

  /// When the peer is given up, if it has been in the middle of something since.
  private var deadline: Instant?

  private var socket: StreamSocket
  private var decoder: RequestDecoder

  /// What came after a request that has not been answered: less than one buffer of it.
  private var unread: [UInt8] = []

  /// The rest of an answer for which there was no room.
  private var unsent: ArraySlice<UInt8> = []

  /// All that had come when the connection was lent has been read.
  private var isDrained = false

  /// What the socket is watched for.
  private var interest = EventPoll.Interest.reading

  /// The web server wants the connection kept after the answer.
  private var isKept = true

  init(identifier: UInt64, owning descriptor: Int32, limits: FastCGILimits) {
    self.identifier = identifier
    socket = StreamSocket(owning: descriptor)
    decoder = RequestDecoder(limits: limits)
  }

  var descriptor: Int32 { socket.descriptor }

  /// When the peer is given up, which steps of what it is in the middle of do not put off.
  func deadline(_ timeoutMilliseconds: Int) -> Instant {
    let deadline = self.deadline ?? .now.advanced(byMilliseconds: timeoutMilliseconds)
    self.deadline = deadline
    return deadline
  }

  func close() { socket.close() }

  /// Whether the socket has to be watched anew, for something else or for what was left unread.
  func isToBeWatched(for interest: EventPoll.Interest) -> Bool {
    defer { self.interest = interest }
    return interest == .writing || self.interest != interest || !isDrained
  }

  /// True when there is something to read.
  var hasInput: Bool { socket.hasInput }

  /// Gets on with whatever the connection waits for, and never waits.
  ///
  /// - Parameters:
  ///   - buffer: What is read passes through it; nothing in it is kept.
  ///   - isHangUp: The peer has closed; what it sent before is still to be read.
  func advance(using buffer: inout [UInt8], isHangUp: Bool) -> Progress {
    isDrained = false
    if !unsent.isEmpty {
      let pause = flush()
      guard pause == .idle || pause == .pipelined else { return .pause(pause) }
    }
    if !unread.isEmpty {
      var held: [UInt8] = []
      swap(&held, &unread)
      if let progress = decode(held.span) { return progress }
    }
    for _ in 0..<Self.readsInARow {
      switch socket.receive(into: &buffer) {
      case .ended: return .pause(.ended)
      case .wouldBlock:
        isDrained = true
        return pause
      case .bytes(let count):
        // A short read has emptied the socket (`epoll(7)`), but for the end.
        isDrained = count < buffer.count && !isHangUp
        if let progress = decode(buffer.span.extracting(0..<count)) { return progress }
        if isDrained { return pause }
      }
    }
    return pause
  }

  /// Writes an answer, as far as there is room for it.
  func answer(_ response: [UInt8], to request: FastCGIRequest) -> Pause {
    isKept = request.keepsConnection
    guard (1...RecordHeader.maximumContentBytes).contains(response.count) else {
      unsent = Records.answer(response, requestID: request.requestID)[...]
      return flush()
    }
    let frameBytes = RecordHeader.byteCount + AnswerFrame.tailBytes
    switch socket.send(response, requestID: request.requestID) {
    case .ended: return .ended
    case .bytes(frameBytes + response.count): return rest
    case .bytes(let count):
      unsent = Records.answer(response, requestID: request.requestID)[count...]
    case .wouldBlock:
      unsent = Records.answer(response, requestID: request.requestID)[...]
    }
    return .sending
  }

  /// Decodes up to a request, whose successors' bytes are put by; nil when more has to be read.
  private func decode(_ input: Span<UInt8>) -> Progress? {
    var replies: [UInt8] = []
    var position = 0
    while true {
      let event: RequestDecoder.Event?
      do throws(ProtocolViolation) {
        event = try decoder.decode(input, from: &position)
      } catch {
        return .pause(.ended)
      }
      switch event {
      case .reply(let records, let closes):
        replies += records
        if closes {
          _ = isSent(replies)
          return .pause(.ended)
        }
      case .request(let request):
        guard isSent(replies) else { return .pause(.ended) }
        if position < input.count {
          unread.append(copying: input.extracting(position..<input.count))
        }
        deadline = nil
        return .request(request)
      case nil:
        return isSent(replies) ? nil : .pause(.ended)
      }
    }
  }

  /// Whoever asks and does not read the replies is not waited for.
  private func isSent(_ replies: [UInt8]) -> Bool {
    guard !replies.isEmpty else { return true }
    if case .bytes(replies.count) = socket.send(replies[...]) { return true }
    return false
  }

  private func flush() -> Pause {
    while !unsent.isEmpty {
      switch socket.send(unsent) {
      case .bytes(let count): unsent.removeFirst(count)
      case .wouldBlock: return .sending
      case .ended: return .ended
      }
    }
    unsent = []
    return rest
  }

  /// The state between two requests.
  private var rest: Pause {
    guard isKept else { return .ended }
    deadline = nil
    return unread.isEmpty ? .idle : .pipelined
  }

  /// The state when all that has come has been decoded.
  private var pause: Progress {
    guard decoder.isBetweenRequests else { return .pause(.receiving) }
    deadline = nil
    return .pause(.idle)
  }
}
