extension ReceivedValue: Decodable {
  /// Tries one kind after another: slow, and done only for a body that is refused.
  ///
  /// Of an array it looks no further than the first element that is not a string, and never into an
  /// object, so that a hostile body costs little.
  init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    if single.decodeNil() {
      self = .null
    } else if let value = try? single.decode(Bool.self) {
      self = .bool(value)
    } else if let number = Self.number(in: single) {
      self = number
    } else if let string = Self.string(in: single) {
      self = string
    } else if var elements = try? decoder.unkeyedContainer() {
      self = .array(firstOther: try Self.firstOther(in: &elements))
    } else {
      self = .object
    }
  }

  // Whatever else the decoder throws at a value is about how it is spelled, and of no documented type.

  private static func number(in single: any SingleValueDecodingContainer) -> ReceivedValue? {
    do {
      return .number(try single.decode(Double.self))
    } catch DecodingError.typeMismatch {
      return nil
    } catch {
      return .unreadableNumber
    }
  }

  private static func string(in single: any SingleValueDecodingContainer) -> ReceivedValue? {
    do {
      return .string(try single.decode(String.self))
    } catch DecodingError.typeMismatch {
      return nil
    } catch {
      return .unreadableString
    }
  }

  private static func firstOther(
    in elements: inout any UnkeyedDecodingContainer
  ) throws -> Element? {
    while !elements.isAtEnd {
      let index = elements.currentIndex
      if (try? elements.decode(String.self)) != nil { continue }
      if try elements.decodeNil() { return Element(index: index, value: .null) }
      return Element(index: index, value: try elements.decode(ReceivedValue.self))
    }
    return nil
  }
}
