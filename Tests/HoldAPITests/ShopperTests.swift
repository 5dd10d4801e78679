import HoldAPI
import Holds
import Testing

/// Who a hold is for, where a shopper may hold only so much.
@Suite struct ShopperTests {
  @Test func theShopperGoesToTheStore() throws {
    let client = Client()
    let response = try client.lock(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":60,"shopper":"Ann"}}"#)
    #expect(response.status == 200 && !response.text.contains("Ann"))
    #expect(
      client.operations
        == [.lock(LockRequest(ticketIDs: ["a"], reservedSeconds: 60, shopper: ShopperID("Ann")))])
  }

  @Test(
    arguments: [#""""#, "7", #""\#(String(repeating: "x", count: 129))""#, #""secret\u0000""#])
  func aBadShopperIsNotShown(shopper: String) throws {
    let client = Client()
    let response = try client.lock(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":60,"shopper":\#(shopper)}}"#)
    #expect(response.status == 400)
    #expect(
      response.text.contains("data.shopper: expected a string of 1 to 128 bytes, got "),
      "\(response.text)")
    #expect(!response.text.contains("xxx") && !response.text.contains("secret"))
    #expect(client.service.calls.isEmpty)
  }

  @Test func whoIsOverTheLimitHearsIt() throws {
    try Client(outcome: .overLimit(limit: 10, held: 8)).expect(
      "/tickets_lock", #"{"data":{"ticketd_reserved":["a"],"reserved_time":60}}"#, 400,
      #"{"message":"At most 10 tickets at once","status":400,"#
        + #""data":{"valido":false,"limit":10,"held":8}}"#)
  }
}
