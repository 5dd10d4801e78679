/// How refusals name what was expected.
enum Expected {
  static let tickets = "data.ticketd_reserved: expected an array of 1 to 100 ticket ids"
  static let ticket = "expected a string of 1 to 256 bytes"
  static let time = "data.reserved_time: expected a number from 1 to 7200"
  static let holdID = "data.hold_id: expected 16 to 128 of [A-Za-z0-9._-]"
  static let lockExample =
    #"the body: expected JSON such as {"data":{"ticketd_reserved":["…"],"reserved_time":600}}"#
}
