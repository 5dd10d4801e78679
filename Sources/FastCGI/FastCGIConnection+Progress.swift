extension FastCGIConnection {
  /// What has come of an attempt to get on with a connection.
  enum Progress {
    case request(FastCGIRequest)
    case pause(Pause)
  }

  /// Why a connection is to be left alone for now.
  enum Pause {
    /// Nothing of a request has come.
    case idle

    /// A request has begun and is not all there.
    case receiving

    /// The last request is answered, and something of the next has been read already.
    case pipelined

    /// There is no room for the rest of an answer.
    case sending

    /// The peer has closed, violated the protocol, or wanted the connection closed.
    case ended
  }
}
